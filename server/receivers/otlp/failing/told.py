"""A log record that tells of a failure, as the members of the native error."""

from typing import Any

import orjson

from ....ids import hashed
from ...lenient import given, mapping, tidy, truth
from ..about import TYING, first, milliseconds, origin, ties, words
from ..records import LogRecord
from . import causes, severity
from .failures import exception

_SAYING = ("message", "msg", "error", "exception")
_OPENCLAW = ("openclaw.error", "openclaw.rawErrorPreview")
_REASON = "openclaw.failoverReason"
Reported = tuple[str | None, str | None, str | None]
"""Type, message and stack trace of an exception."""

_INSTANCE = ("service.instance.id", "service.name", "host.name")


def is_call(record: LogRecord) -> bool:
    """Whether it is what OpenClaw says of a model call that failed, which its spans do not."""
    return truth(record.attributes.get("openclaw.isError"))


def is_failure(record: LogRecord) -> bool:
    """Whether it tells of a failure, as what was asked and answered does not."""
    return _severity(record) >= severity.ERROR or bool(
        first(record.attributes, "exception.type") or is_call(record)
    )


def message(record: LogRecord) -> str:
    """What it says for a person; never empty."""
    said = first(record.attributes, *_OPENCLAW) if is_call(record) else None
    kind, exception_message, _ = exception(record.attributes)
    return said or _body(record.body) or exception_message or kind or record.event_name or "failed"


def error(record: LogRecord) -> dict[str, Any]:
    """The record in the members of the native error."""
    said, reported = message(record), exception(record.attributes)
    return given(
        {
            "event_id": _event_id(record, said, reported),
            "trace_id": record.trace_id,
            "span_id": record.span_id,
            "occurred_at": milliseconds(record.time_ns),
            "error_type": _error_type(record),
            "severity": "error" if is_call(record) else severity.stored(_severity(record)),
            "message": said,
            "stack_trace": reported[2],
            "metadata": _metadata(record, reported),
            **ties(record.attributes),
        }
    )


def _severity(record: LogRecord) -> int:
    return severity.number(record.severity_number, record.severity_text)


def _error_type(record: LogRecord) -> str:
    if is_call(record):
        return "llm_error"
    return "crash" if _severity(record) >= severity.FATAL else "system_error"


def _event_id(record: LogRecord, said: str, reported: Reported) -> str | None:
    """The same when the record is sent again; a fresh one where nothing could tell it apart."""
    kind, exception_message, _ = reported
    cause = causes.cause(kind, exception_message)
    if record.trace_id and kind:
        return causes.event_id(record.trace_id, cause)
    if not record.time_ns:
        return None
    where = (record.trace_id, record.span_id, first(record.resource, *_INSTANCE), record.scope)
    what = (record.severity_number, record.severity_text, said, *cause)
    return hashed("\0".join(map(str, (record.time_ns, *where, *what))))


def _body(body: object) -> str | None:
    """A text as it is; of a map the member that says what happened, else all of it as JSON."""
    said = next((text for name in _SAYING if (text := words(mapping(body).get(name)))), None)
    if said or body in (None, {}, []):
        return said
    return words(body) or (
        None if isinstance(body, str) else orjson.dumps(body, default=str).decode()
    )


def _metadata(record: LogRecord, reported: Reported) -> dict[str, object]:
    kind, said, _ = reported
    left = {name: value for name, value in record.attributes.items() if name not in _USED}
    found = tidy(
        {
            "exception_type": kind or first(record.attributes, _REASON),
            "exception_message": said,
            **origin(record.resource, record.scope),
            "severity_text": record.severity_text,
        }
    )
    return {**found, "attributes": left} if left else found


_USED = TYING | {"exception.type", "exception.message", "exception.stacktrace", *_OPENCLAW, _REASON}
