"""Requests, by route."""

from prometheus_client import Counter

from .declare import SHORT_WORK, Declare

BYTES = (256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216)

EVENT_ROUTES = ("traces", "errors", "litellm", "logs", "otlp_metrics", "envelope")
ROUTES = (*EVENT_ROUTES, "metrics", "health", "other")
_BODY_REASONS = (
    "bad_encoding",
    "bad_request",
    "body_too_large",
    "busy",
    "invalid_json",
    "invalid_protobuf",
    "length_required",
    "method_not_allowed",
    "too_many_events",
    "unauthorized",
    "unsupported_media_type",
)
_ROUTE_REASONS = {
    **dict.fromkeys(EVENT_ROUTES, _BODY_REASONS),
    "metrics": ("bad_request", "method_not_allowed", "unauthorized"),
    "health": ("bad_request", "method_not_allowed"),
    # what is refused before a route is known, too
    "other": ("bad_request", "busy", "headers_too_large", "method_not_allowed", "not_found"),
}
_METHODS = frozenset(("GET", "HEAD", "POST"))


class HttpMetrics:
    """What was asked, how it was answered, and how long that took."""

    def __init__(self, declare: Declare) -> None:
        self._requests = declare.counter(
            "http_requests", "Requests answered.", ("route", "method", "code")
        )
        self._answered: dict[tuple[str, str, int], Counter] = {}
        rejected = declare.counter(
            "http_requests_rejected",
            "Requests refused before an event could be counted.",
            ("route", "reason"),
        )
        self._rejected = {
            (route, reason): rejected.labels(route, reason)
            for route, reasons in _ROUTE_REASONS.items()
            for reason in reasons
        }
        self.duration = declare.histograms(
            "http_request_duration_seconds", "Time to answer.", SHORT_WORK, "route", ROUTES
        )
        self.size = declare.histograms(
            "http_request_size_bytes",
            "Body size after decompression.",
            BYTES,
            "route",
            EVENT_ROUTES,
        )
        self.in_flight = declare.gauge("http_requests_in_flight", "Requests being handled.")

    def answered(self, route: str, method: str, code: int) -> None:
        """Count one answered request. Methods outside GET, HEAD and POST become `other`."""
        key = (route, method if method in _METHODS else "other", code)
        child = self._answered.get(key)
        if child is None:
            child = self._answered[key] = self._requests.labels(*map(str, key))
        child.inc()

    def refused(self, route: str, reason: str) -> None:
        """Count one request in which no event could be counted."""
        if (child := self._rejected.get((route, reason))) is not None:
            child.inc()
