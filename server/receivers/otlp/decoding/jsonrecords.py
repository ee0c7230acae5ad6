"""Spans and log records of OTLP in JSON."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Proto
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from ....events import Rejected
from ...lenient import mapping
from ..records import Happening, LogRecord, Raw, Span
from .jsonscalars import enumerated, ident, string, time_ns
from .jsonvalues import attributes, value
from .values import MAX_HAPPENINGS

_SPAN_KINDS = dict(Proto.SpanKind.items())
_STATUS_CODES = dict(Status.StatusCode.items())
_SEVERITIES = dict(SeverityNumber.items())

_TOO_HEAVY = "takes too much memory as values"


def span(raw: Raw[Any]) -> Span | Rejected:
    """A Rejected where it would take too much memory."""
    said = raw.said
    if said is None:
        return Rejected("trace", "unstorable", "", _TOO_HEAVY)
    status = mapping(said.get("status"))
    return Span(
        raw.resource,
        raw.scope,
        ident(either(said, "traceId", "trace_id"), 16),
        ident(either(said, "spanId", "span_id"), 8),
        ident(either(said, "parentSpanId", "parent_span_id"), 8),
        string(said.get("name")),
        enumerated(said.get("kind"), _SPAN_KINDS),
        time_ns(either(said, "startTimeUnixNano", "start_time_unix_nano")),
        time_ns(either(said, "endTimeUnixNano", "end_time_unix_nano")),
        attributes(said.get("attributes")),
        _happenings(said.get("events")),
        enumerated(status.get("code"), _STATUS_CODES),
        string(status.get("message")),
    )


def log_record(raw: Raw[Any]) -> LogRecord | Rejected:
    """A Rejected where it would take too much memory."""
    said = raw.said
    if said is None:
        return Rejected("error", "unstorable", "", _TOO_HEAVY)
    return LogRecord(
        raw.resource,
        raw.scope,
        ident(either(said, "traceId", "trace_id"), 16),
        ident(either(said, "spanId", "span_id"), 8),
        time_ns(either(said, "timeUnixNano", "time_unix_nano"))
        or time_ns(either(said, "observedTimeUnixNano", "observed_time_unix_nano")),
        enumerated(either(said, "severityNumber", "severity_number"), _SEVERITIES),
        string(either(said, "severityText", "severity_text")),
        string(either(said, "eventName", "event_name")),
        value(said.get("body")),
        attributes(said.get("attributes")),
    )


def _happenings(said: object) -> list[Happening]:
    return [
        Happening(
            string(event.get("name")),
            time_ns(either(event, "timeUnixNano", "time_unix_nano")),
            attributes(event.get("attributes")),
        )
        for event in (said[:MAX_HAPPENINGS] if isinstance(said, list) else ())
        if isinstance(event, dict)
    ]


def either(said: Mapping[str, Any], camel: str, snake: str) -> Any:
    """A member in whichever spelling it is there."""
    found = said.get(camel)
    return said.get(snake) if found is None else found
