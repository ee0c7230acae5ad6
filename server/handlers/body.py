"""The body of a request as it comes: unpacked, within its limit, and within that of all bodies."""

import asyncio
from collections.abc import Awaitable

from ..refusal import Refusal
from .codings import PIECE, Unpacker

UNCOUNTED = 2**14
"""Bytes that any body may have when there is no room for larger ones: events of the usual size
get in while strangers send giants, and cost no accounting."""


class Room:
    """Bytes that the bodies in flight may take together, over all connections."""

    def __init__(self, max_bytes: int) -> None:
        self.all = self.free = max_bytes


class Body:
    """Collects one body. What is refused is read on and thrown away, so that it costs nothing."""

    def __init__(self, room: Room, max_bytes: int) -> None:
        self._room, self._max_bytes = room, max_bytes
        self.unpacker: Unpacker | None = None
        """What the parts go through; None where they come as they are."""
        self._data = bytearray()
        self._reserved = 0
        self.size = 0
        """Bytes so far, unpacked."""
        self.refusal: Refusal | None = None
        """Why nothing of it is kept; None while it is."""

    def announce(self, size: int) -> None:
        """Reserve room for a body of `size` bytes, as its head says."""
        if size > self._max_bytes:
            self.refuse(_too_large(self._max_bytes))
        elif size > UNCOUNTED and self.refusal is None:
            self._reserve(size)

    def add(self, chunk: bytes) -> Awaitable[None] | None:
        """Take a part of the body; to be awaited where that takes longer."""
        if self.unpacker is not None and self.refusal is None:
            return self._unpack(chunk, self.unpacker)
        self._keep(chunk)
        return None

    def whole(self) -> bytearray:
        """All of it, once it has come, and no longer held here. Raises `Refusal`."""
        if self.unpacker is not None and self.refusal is None:
            self.unpacker.check_end()
            self.unpacker = None
        if self.refusal is not None:
            raise self.refusal
        data, self._data = self._data, bytearray()
        return data

    def refuse(self, refusal: Refusal) -> None:
        """Keep nothing of what came and comes; `whole` will say why."""
        self.refusal = refusal
        self.release()

    def release(self) -> None:
        """Let go of the bytes, and of the room they took. May be called twice."""
        self._data = bytearray()
        self.unpacker = None
        self._room.free += self._reserved
        self._reserved = 0

    async def _unpack(self, chunk: bytes, unpacker: Unpacker) -> None:
        """Between two pieces of a large body the loop has its turn."""
        try:
            for piece in unpacker.feed(chunk):
                self._keep(piece)
                if self.refusal is not None:  # what unpacks it may hold 16 MiB
                    return
                if len(piece) >= PIECE // 2:
                    await asyncio.sleep(0)
                    if self.unpacker is None:  # its sender has gone meanwhile
                        return
        except Refusal as refusal:
            self.refuse(refusal)

    def _keep(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.refusal is not None:
            return
        if self.size > self._max_bytes:
            return self.refuse(_too_large(self._max_bytes))
        if self.size > UNCOUNTED and (needed := self._needed()) > self._reserved:
            self._reserve(needed)
        if self.refusal is None:
            self._data += chunk

    def _needed(self) -> int:
        """Bytes held for what came so far, with what the unpacker holds of it."""
        held = self.unpacker.held(self.size) if self.unpacker is not None else 0
        return min(self.size + held, self._room.all)  # so that one alone gets in

    def _reserve(self, size: int) -> None:
        """Have room for `size` bytes in all, or refuse the body."""
        more = size - self._reserved
        if more > self._room.free:
            return self.refuse(Refusal("busy", 503, "too many large bodies at once; try again"))
        self._room.free -= more
        self._reserved = size


def _too_large(max_bytes: int) -> Refusal:
    return Refusal("body_too_large", 413, f"the body has more than {max_bytes} bytes")
