"""A connection's stream that turns requests with a wrong key away before Tornado sees them."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

from .gate import ANSWER, LAST_ANSWER, Gate, TurnedAway
from .linger import SECONDS
from .stream import Stream

_KEPT_SECONDS = 10.0
"""Tornado's time-out of an idle connection runs on while we answer: so a connection ends before,
and is told so."""

_AT_ONCE = 50
"""Requests that are answered in one turn of the loop: a handler ends the connection then."""


class GatedStream(Stream):
    """One connection. What comes where a request begins is looked at first."""

    def __init__(self, gate: Gate, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._gate = gate
        self._begins = False
        """Whether the next byte begins a request; or belongs to a body that is skipped."""
        self._began = 0.0
        self._skip = 0
        """Bytes to come of the body of a request that was turned away."""
        self._timer: asyncio.TimerHandle | None = None

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        """As ever, for a request's head."""
        self._begins = not self._read_buffer
        self._began = time.monotonic()
        return super().read_until_regex(regex, max_bytes)

    def read_from_fd(self, buf: bytearray | memoryview) -> int | None:
        """As ever, without what is turned away: None where nothing is left, and 0 is the end."""
        count = super().read_from_fd(buf)
        if not count or not self._begins:
            return count
        start, left = self._skipped(0, count), _AT_ONCE
        while start < count:
            left -= 1
            turned_away = self._gate.look(buf, start, count) if left else None
            if turned_away is None:
                self._begins = False
                buf[: count - start] = bytes(buf[start:count])
                return count - start
            if not self._answer(turned_away):
                return 0
            start = self._skipped(turned_away.head_end, count)
        if self._skip and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self.close)
        return None

    def _answer(self, turned_away: TurnedAway) -> bool:
        """Whether the connection goes on."""
        is_old = time.monotonic() - self._began > _KEPT_SECONDS
        closes = turned_away.body_bytes is None or is_old
        said = LAST_ANSWER if closes else ANSWER
        self._skip = turned_away.body_bytes or 0
        try:
            was_said = self.socket.send(said) == len(said)
        except OSError:  # its answers are not read
            was_said = False
        self.lingers = closes and was_said
        return was_said and not closes

    def _skipped(self, start: int, end: int) -> int:
        """Where the next request begins: behind the body that is skipped."""
        skipped = min(self._skip, end - start)
        self._skip -= skipped
        if self._timer is not None and not self._skip:
            self._timer.cancel()
            self._timer = None
        return start + skipped
