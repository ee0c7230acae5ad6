"""The routing table. Read this first."""

from collections.abc import Mapping
from typing import Any

from tornado.web import Application

from .handlers.base import NotFoundHandler
from .handlers.body import Room
from .handlers.events import EventsHandler
from .handlers.show import HealthHandler, LiveHandler, MetricsHandler, ReadyHandler
from .health import Health
from .intake import Intake
from .keys.access import Access
from .metrics import Metrics
from .receivers import Receiver
from .receivers.otlp.decoding.telling import is_traces
from .rendering import Rendering
from .replies import Choose, Dialect, Replier, native, otlp, sentry
from .routes import Routes


def make_app(
    receivers: Mapping[str, Receiver],
    access: Access,
    intake: Intake,
    health: Health,
    metrics: Metrics,
    room: Room,
    max_body_bytes: int,
) -> Application:
    """The routes. `receivers` has one for each POST route, and `spans` for OTLP's traces."""

    def shared(route: str) -> dict[str, Any]:
        return {"route": route, "metrics": metrics.http}

    def events(route: str, choose: Choose) -> dict[str, Any]:
        ours = {"door": access.send, "choose": choose, "intake": intake, "room": room}
        return {**shared(route), **ours, "max_body_bytes": max_body_bytes}

    def always(route: str, reply: Replier) -> dict[str, Any]:
        dialect = Dialect(receivers[route], reply)
        return events(route, lambda body, media_type: dialect)

    traces = Dialect(receivers["traces"], native.reply)
    spans = Dialect(receivers["spans"], otlp.SPANS.reply)

    def native_or_otlp(body: bytearray, media_type: str) -> Dialect:
        return spans if is_traces(body, media_type) else traces

    metrics_ = {**shared("metrics"), "door": access.read, "rendering": Rendering(metrics.registry)}
    show = {**shared("health"), "health": health}

    return Routes(
        {
            "/v1/traces": (EventsHandler, events("traces", native_or_otlp)),
            "/v1/errors": (EventsHandler, always("errors", native.reply)),
            "/v1/litellm": (EventsHandler, always("litellm", native.reply)),
            "/v1/logs": (EventsHandler, always("logs", otlp.LOGS.reply)),
            "/v1/metrics": (EventsHandler, always("otlp_metrics", otlp.METRICS.reply)),
            "/metrics": (MetricsHandler, metrics_),
            "/livez": (LiveHandler, show),
            "/readyz": (ReadyHandler, show),
            "/health": (HealthHandler, show),
        },
        {r"/api/[^/?]+/envelope/?": (EventsHandler, always("envelope", sentry.reply))},
        (NotFoundHandler, shared("other")),
    )
