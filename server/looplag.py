"""How late the event loop is: what a blocked loop looks like from outside."""

import asyncio

from .metrics.process import ProcessMetrics

INTERVAL_SECONDS = 0.5


class LoopLag:
    """Sets a timer every INTERVAL_SECONDS and observes how late it fires."""

    def __init__(self, metrics: ProcessMetrics) -> None:
        self._metrics = metrics
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; call on the running loop."""
        loop = asyncio.get_running_loop()
        due = loop.time() + INTERVAL_SECONDS
        self._timer = loop.call_at(due, self._tick, loop, due)

    def stop(self) -> None:
        """End; may be called when not started."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._metrics.loop_lag.observe(max(0.0, loop.time() - due))
        self.start()
