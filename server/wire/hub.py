"""What all connections have in common: their number, their requests, one look at all clocks."""

import asyncio
import time

from ..metrics.routes import HttpMetrics
from ..refusal import Refusal
from .linger import Lingering
from .wire import Wire


class Hub:
    """Knows the open connections. Lives on the event loop.

    They are looked through once a second: far cheaper than a timer for each request. (Tornado's own
    `body_timeout` costs a request 13 % of what a bare handler does.)
    """

    def __init__(
        self, metrics: HttpMetrics, *, body_timeout_seconds: float, idle_timeout_seconds: float
    ) -> None:
        self._metrics = metrics
        self.body_timeout, self.idle_timeout = body_timeout_seconds, idle_timeout_seconds
        self._interval = min(1.0, body_timeout_seconds / 4, idle_timeout_seconds / 4)
        self.open: set[Wire] = set()
        self.in_flight = 0
        """Requests whose head has come, and that are not answered."""
        self.lingering = Lingering()
        self._timer: asyncio.TimerHandle | None = None
        metrics.in_flight.set_function(lambda: self.in_flight)

    def refused(self, refusal: Refusal, route: str) -> None:
        """Count what is refused without a handler; `route` may be `other`."""
        self._metrics.refused(route, refusal.reason)
        self._metrics.answered(route, "", refusal.status)

    def start(self) -> None:
        """Begin to look; call on the running loop."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._interval, self._look)

    def stop(self) -> None:
        """End, and close what lingers; may be called when not started."""
        self.lingering.stop()
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        now = time.monotonic()
        for wire in list(self.open):
            wire.look(now)
        self.start()
