"""Content codings (RFC 9110, section 8.4.1): bodies unpacked a piece at a time."""

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli
from backports import zstd

from ..refusal import Refusal

PIECE = 2**17
"""Most bytes that are unpacked at once: 0.1 to 0.5 ms of work."""

_MAX_MEMBERS = 4096
_GZIP, _ZLIB, _RAW = 31, 15, -15
_WINDOW_BITS = 23  # 8 MiB, as RFC 9659 demands
_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): _WINDOW_BITS}


class Member(Protocol):
    """One stream of a body; gzip and zstd bodies may have several in a row."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to be had from what was fed."""

    @property
    def eof(self) -> bool:
        """Whether its end has come."""

    @property
    def unused_data(self) -> bytes:
        """What was fed behind its end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most `max_length` bytes; more is to be had with b"" unless `needs_input`."""


class _Inflate:
    """zlib with the interface that the other decompressors have."""

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._stream.decompress(self._stream.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length and not self._stream.unconsumed_tail
        return piece


def _gzip(start: bytes) -> Member:
    return _Inflate(_GZIP)


def _deflate(start: bytes) -> Member:
    """In zlib's format, which says 8 in its first byte; bare where the sender forgot it."""
    return _Inflate(_ZLIB if start[0] & 0x0F == 8 else _RAW)


def _zstd(start: bytes) -> Member:
    return zstd.ZstdDecompressor(options=_OPTIONS)


class _Brotli:
    """Brotli with the interface that the other decompressors have."""

    unused_data = b""  # it takes nothing behind its end

    def __init__(self, start: bytes) -> None:
        self._stream = brotli.Decompressor()
        self.needs_input = True
        self.window = 1 << _brotlis_window(start[0])
        """Bytes that may be unpacked already but not given out, unless it `needs_input`."""

    @property
    def eof(self) -> bool:
        return bool(self._stream.is_finished())

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """The last of its buffers may be larger than all before, of 32 KiB at least."""
        limit = max_length // 2
        piece = bytes(self._stream.process(data, output_buffer_limit=limit))
        self.needs_input = len(piece) < limit and self._stream.can_accept_more_data()
        return piece


def _brotlis_window(start: int) -> int:
    """The bits of the window that a stream with this first byte has (RFC 7932, section 9.1)."""
    if not start & 1:
        return 16
    if start & 0x0E:
        return 17 + (start >> 1 & 7)
    return 8 + (start >> 4 & 7) if start & 0x70 else 17


_CODINGS: dict[str, tuple[Callable[[bytes], Member], int, int]] = {
    "gzip": (_gzip, _MAX_MEMBERS, 0),
    "x-gzip": (_gzip, _MAX_MEMBERS, 0),
    "deflate": (_deflate, 1, 0),
    "zstd": (_zstd, _MAX_MEMBERS, 2**_WINDOW_BITS),
    "br": (_Brotli, 1, 2**24),
}
SPOKEN = "gzip, deflate, zstd, br"
"""What an Accept-Encoding header says of it."""


class Unpacker:
    """Unpacks one body as it comes."""

    def __init__(self, begin: Callable[[bytes], Member], max_members: int, window: int) -> None:
        self._begin, self._members_left, self._window = begin, max_members, window
        self._member: Member | None = None
        self._finished = False

    def held(self, size: int) -> int:
        """Most bytes that are held beside the `size` that were given out, to unpack the rest."""
        if isinstance(self._member, _Brotli) and not self._member.needs_input:
            return self._member.window
        return min(size, self._window)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces of at most PIECE bytes that `data` adds. Raises `Refusal` on bad data."""
        try:
            while data or not (self._member is None or self._member.needs_input):
                piece, data = self._step(data)
                if piece:
                    yield piece
        except (zlib.error, zstd.ZstdError, brotli.error, EOFError):
            raise _bad("is not what it says, or damaged") from None

    def _step(self, data: bytes) -> tuple[bytes, bytes]:
        """One piece, and the data that follows its member."""
        if self._member is None:
            if not self._members_left:
                raise _bad("goes on behind its end")
            self._members_left -= 1
            self._member, self._finished = self._begin(data), False
        piece = self._member.decompress(data, PIECE)
        if not self._member.eof:
            return piece, b""
        rest, self._member, self._finished = self._member.unused_data, None, True
        return piece, rest

    def check_end(self) -> None:
        """Raises `Refusal` when what came so far is not a whole body."""
        if not self._finished:
            raise _bad("ends too early")


def unpacker(header: str) -> Unpacker | None:
    """How to unpack a body with this Content-Encoding; None where it comes as it is.

    Raises `Refusal` for a coding that is not spoken, or more than one.
    """
    named = [word.strip().lower() for word in header.split(",")]
    codings = [word for word in named if word not in ("", "identity")]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in _CODINGS:
        message = f"Content-Encoding must be one of identity, {SPOKEN}"
        accept = {"Accept-Encoding": SPOKEN}
        raise Refusal("unsupported_media_type", 415, message, accept)
    return Unpacker(*_CODINGS[codings[0]])


def _bad(fault: str) -> Refusal:
    return Refusal("bad_encoding", 400, f"the compressed body {fault}")
