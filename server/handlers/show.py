"""GET routes: what the service shows of itself."""

from typing import Any

from tornado.ioloop import IOLoop

from ..health import Health
from ..keys.door import Door
from ..rendering import Rendering
from .base import Handler


class MetricsHandler(Handler):
    """Prometheus' text format, or OpenMetrics where `Accept` asks for it."""

    def initialize(  # type: ignore[override]  # by name
        self, door: Door, rendering: Rendering, **rest: Any
    ) -> None:
        super().initialize(**rest)
        self._door, self._rendering = door, rendering

    def prepare(self) -> None:
        super().prepare()
        self.admitted(self._door)

    async def get(self) -> None:
        """Rendered outside the loop's thread: about 10 us a sample."""
        self.wire.complete()
        text, media_type = await self._rendering.render(self.wire.field("accept") or "")
        self.set_header("Content-Type", media_type)
        self.finish(text)

    head = get


class _HealthHandler(Handler):
    def initialize(self, health: Health, **rest: Any) -> None:  # type: ignore[override]  # by name
        super().initialize(**rest)
        self._health = health


class LiveHandler(_HealthHandler):
    """200 while the loop turns."""

    def get(self) -> None:
        self.wire.complete()
        self.answer(200, {"status": "ok", "reasons": []})

    head = get


class ReadyHandler(_HealthHandler):
    """200 while events are taken; 503 while starting, stopping, or with the consumer dead."""

    def get(self) -> None:
        self.wire.complete()
        reasons = self._health.not_ready()
        status = "not ready" if reasons else "ok"
        self.answer(503 if reasons else 200, {"status": status, "reasons": reasons})

    head = get


class HealthHandler(_HealthHandler):
    """200 with the whole picture."""

    async def get(self) -> None:
        """Looked up outside the loop's thread: a stuck disk holds a stat() up."""
        self.wire.complete()
        self.answer(200, await IOLoop.current().run_in_executor(None, self._health.report))

    head = get
