"""One connection, as the event loop sees it: what comes, what goes, and its clock."""

import asyncio
import math
from typing import cast

from .clock import LINGER_SECONDS, STALLED_SECONDS, Clock
from .reading import Reading
from .shared import Shared


class LeanConnection(Reading, asyncio.BufferedProtocol):
    """A `Wire`. Lives on the event loop."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self._clock = Clock()
        self._hub.open.add(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """No more is read while anything is unwritten."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)
        self._written.set_result(None)
        if self._is_over:
            self._transport.close()

    def get_buffer(self, sizehint: int) -> bytearray:
        """One for all connections: what comes into it is taken out at once."""
        return self._shared.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read what has come, or keep it until there is time, and let no more come."""
        if self._is_over:
            return
        self._incoming.add(memoryview(self._shared.buffer)[:nbytes])
        if self._has_to_wait() and self._transport is not None:
            self._transport.pause_reading()
        else:
            self._read()

    def eof_received(self) -> bool:
        """Whether there is still something to answer."""
        self._has_ended = True
        return self._has_to_wait() and not self._is_over

    def pause_writing(self) -> None:
        """The peer does not read."""
        self._is_stuck = True

    def resume_writing(self) -> None:
        """It has read all."""
        self._is_stuck = False
        self._read_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the handler of a request in hand."""
        self._hub.open.discard(self)
        self._is_over = True
        self._drop()

    def look(self, now: float) -> None:
        """As `Wire`."""
        waits_for, seconds = self._phase()
        if self._transport is None or not self._clock.is_over(
            (waits_for, self._requests), seconds, now
        ):
            return
        if waits_for in ("end", "reader"):
            self.abort()
        else:
            self.end()

    def _phase(self) -> tuple[str, float]:
        """What is being waited for, and for how many seconds."""
        if self._is_stuck:
            return "reader", STALLED_SECONDS
        if self._is_over:
            return "end", LINGER_SECONDS
        if self._incoming.body is not None:
            is_skipped = self._delegate is None
            return "body", LINGER_SECONDS if is_skipped else self._hub.body_timeout
        if self._waits:
            return "handler", math.inf
        if self._incoming:
            return "head", self._hub.body_timeout
        return "request", self._hub.idle_timeout
