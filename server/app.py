"""The routing table. Read this first."""

from collections.abc import Mapping
from typing import Any

from tornado.routing import Rule
from tornado.web import Application, url

from .handlers.base import Handler, NotFoundHandler
from .handlers.body import Room
from .handlers.events import EventsHandler
from .handlers.inflight import InFlight
from .handlers.show import HealthHandler, LiveHandler, MetricsHandler, ReadyHandler
from .health import Health
from .intake import Intake
from .keys.access import Access
from .metrics import Metrics
from .receivers import Receiver


def make_app(
    receivers: Mapping[str, Receiver],
    access: Access,
    intake: Intake,
    health: Health,
    metrics: Metrics,
    in_flight: InFlight,
    room: Room,
    max_body_bytes: int,
) -> Application:
    """The routes. `receivers` has one for each of the routes traces, errors and litellm."""

    def shared(route: str) -> dict[str, Any]:
        return {"route": route, "metrics": metrics, "in_flight": in_flight}

    def events(route: str) -> dict[str, Any]:
        ours = {"door": access.send, "receiver": receivers[route], "intake": intake, "room": room}
        return {**shared(route), **ours, "max_body_bytes": max_body_bytes}

    metrics_ = {**shared("metrics"), "door": access.read}
    show = {**shared("health"), "health": health}

    def at(path: str, handler: type[Handler], arguments: dict[str, Any]) -> Rule:
        """Also where a proxy asks with the whole address (RFC 9112, section 3.2.2)."""
        return url(rf"(?:https?://[^/]+)?{path}", handler, arguments)

    return Application(
        [
            at("/v1/traces", EventsHandler, events("traces")),
            at("/v1/errors", EventsHandler, events("errors")),
            at("/v1/litellm", EventsHandler, events("litellm")),
            at("/metrics", MetricsHandler, metrics_),
            at("/livez", LiveHandler, show),
            at("/readyz", ReadyHandler, show),
            at("/health", HealthHandler, show),
        ],
        default_handler_class=NotFoundHandler,
        default_handler_args=shared("other"),
        log_function=lambda handler: None,  # counted in on_finish; a URL is the sender's own
    )
