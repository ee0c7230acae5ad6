"""A body in chunks (RFC 9112, section 7.1), without extensions and trailers."""

import re

from ..refusal import Refusal
from ..wire.refusals import malformed

FREE_FRAMING_BYTES = 2**16
"""Bytes of sizes and line ends that any body may have; beyond these no more than it has itself."""

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_SIZE_BEGUN = re.compile(rb"[0-9A-Fa-f]{0,8}\r?")
_END = b"\r\n"


class Chunks:
    """Takes one body apart, in whatever pieces it comes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._size = 0
        self._framing = 0
        self._left = 0
        """Bytes to come of the chunk that has begun."""
        self._ends = False
        """Whether the end of a chunk's line is to come."""
        self._is_last = False
        self.is_done = False
        self.fault: Refusal | None = None
        """What is wrong behind what was taken."""

    def take(self, data: bytearray) -> tuple[bytes | bytearray, int]:
        """The bytes of the body at the beginning of `data`, and how many were read."""
        pieces: list[bytearray] = []
        at = 0
        while not (self.is_done or self.fault):
            if self._left:
                pieces.append(data[at : at + self._left])
                at += len(pieces[-1])
                self._left -= len(pieces[-1])
                if self._left:
                    break
            try:
                start, at = at, self._framed(data, at)
            except Refusal as fault:
                self.fault = fault
                break
            if start == at:
                break
        return b"".join(pieces), at

    def _framed(self, data: bytearray, at: int) -> int:
        """Where the next line of framing ends; `at` where it has not come whole.

        Raises `Refusal`.
        """
        start, at = at, self._end(data, at) if self._ends else self._begin(data, at)
        self._framing += at - start
        if self._framing > FREE_FRAMING_BYTES + self._size:
            raise malformed("its chunks are too small")
        return at

    def _end(self, data: bytearray, at: int) -> int:
        end = data[at : at + 2]
        if not _END.startswith(end):
            raise malformed("a chunk has no end, or there are trailers")
        if len(end) < 2:
            return at
        self._ends, self.is_done = False, self._is_last
        return at + 2

    def _begin(self, data: bytearray, at: int) -> int:
        found = _SIZE.match(data, at)
        if found is None:
            if not _SIZE_BEGUN.fullmatch(data, at):
                raise malformed("no size of a chunk")
            return at
        self._left = int(found[1], 16)
        self._size += self._left
        if self._size > self._max_bytes:
            raise malformed("its body is far too long")
        self._ends, self._is_last = True, not self._left
        return found.end()
