"""Spans and log records of OTLP in protobuf."""

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as LogMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from ....events import Rejected
from ..records import Happening, LogRecord, Raw, Span
from . import trimming
from .framing import Malformed
from .protovalues import Message, attributes, read, value
from .values import MAX_HAPPENINGS, clean, ident


def span(raw: Raw[Message]) -> Span | Rejected:
    """A Rejected where it is no span, or has too many fields."""
    try:
        said = read(SpanMessage, raw.said, trimming.SPAN)
    except Malformed as fault:
        return rejected("trace", "span", fault)
    status = said.status
    return Span(
        raw.resource,
        raw.scope,
        ident(said.trace_id, 16),
        ident(said.span_id, 8),
        ident(said.parent_span_id, 8),
        clean(said.name),
        said.kind,
        said.start_time_unix_nano,
        said.end_time_unix_nano,
        attributes(said.attributes),
        [
            Happening(clean(event.name), event.time_unix_nano, attributes(event.attributes))
            for event in said.events[:MAX_HAPPENINGS]
        ],
        status.code,
        clean(status.message),
    )


def log_record(raw: Raw[Message]) -> LogRecord | Rejected:
    """A Rejected where it is no log record, or has too many fields."""
    try:
        said = read(LogMessage, raw.said, trimming.LOG_RECORD)
    except Malformed as fault:
        return rejected("error", "log record", fault)
    return LogRecord(
        raw.resource,
        raw.scope,
        ident(said.trace_id, 16),
        ident(said.span_id, 8),
        said.time_unix_nano or said.observed_time_unix_nano,
        said.severity_number,
        clean(said.severity_text),
        clean(said.event_name),
        value(said.body),
        attributes(said.attributes),
    )


def rejected(kind: str, what: str, fault: Malformed) -> Rejected:
    """Why this one cannot be read."""
    if isinstance(fault, trimming.TooMuch):
        return Rejected(kind, "unstorable", "", f"a {what} with too many fields")
    return Rejected(kind, "schema_invalid", "", f"a {what} that cannot be decoded")
