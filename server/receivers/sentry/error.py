"""An event as the members of the native error, where it tells of a failure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from ..lenient import given, ident, mapping, moment, name, text
from .details import metadata, tags
from .logged import Logged, logged
from .raised import error_type, provider, raised_in, sent_from
from .shapes import Event, Raised
from .stack import stack

_SEVERITIES = {
    "fatal": "fatal",
    "critical": "fatal",
    "warning": "warning",
    "warn": "warning",
    "info": "info",
    "log": "info",
    "debug": "debug",
    "sample": "debug",
}
_MILD = frozenset(("info", "debug"))

_PROVIDER = ("gen_ai.provider.name", "gen_ai.system")
_SESSION = ("gen_ai.conversation.id", "session.id", "session_id")


class Found(NamedTuple):
    """The members of the native error, and the bytes of texts shortened already, by name."""

    members: dict[str, Any]
    cut: Mapping[str, int]


def error(event: Event, header: Mapping[str, Any], max_text_bytes: int) -> Found | None:
    """None where it tells of no failure: a message that is less than a warning."""
    raised, severity = raised_in(event), _severity(event.get("level"))
    if severity in _MILD and not any(name(one.get("type")) for one in raised):
        return None
    said = logged(event)
    shown = stack(raised or sent_from(event), max_text_bytes)
    found = {
        "event_id": event_id(event.get("event_id")) or event_id(header.get("event_id")),
        "occurred_at": _moment(event.get("timestamp")),
        "error_type": error_type(raised, severity),
        "severity": severity,
        "message": _message(raised, said),
        "stack_trace": shown and shown.text,
        "metadata": metadata(event, raised, said),
        **_span(event, header, raised),
    }
    return Found(given(found), shown.cut("stack_trace") if shown else {})


def event_id(value: object) -> str | None:
    """Sentry's 32 hex digits, also of a UUID in another form; any other id as it is."""
    try:
        return UUID(value).hex if isinstance(value, str) else None
    except ValueError:
        return ident(value)


def _severity(level: object) -> str:
    return _SEVERITIES.get(level.strip().lower(), "error") if isinstance(level, str) else "error"


def _message(raised: Sequence[Raised], said: Logged | None) -> str:
    last = raised[-1] if raised else {}
    found = text(last.get("value")) or (said and said.message) or text(last.get("type"))
    return found or "no message"


def _span(event: Event, header: Mapping[str, Any], raised: Sequence[Raised]) -> dict[str, Any]:
    """The span in which it happened, and what that, or a tag, says of a model call."""
    trace = mapping(mapping(event.get("contexts")).get("trace"))
    told = {**tags(event), **mapping(trace.get("data"))}
    return {
        "trace_id": ident(trace.get("trace_id") or mapping(header.get("trace")).get("trace_id")),
        "span_id": ident(trace.get("span_id")),
        "provider": _first(told, *_PROVIDER) or provider(raised),
        "model": _first(told, "gen_ai.request.model"),
        "session_id": ident(_first(told, *_SESSION)),
        "agent": _first(told, "gen_ai.agent.name"),
    }


def _first(told: Mapping[str, Any], *names: str) -> str | None:
    return next((found for key in names if (found := name(told.get(key)))), None)


def _moment(value: object) -> int | None:
    """Unix ms. A time without an offset is in UTC."""
    found = moment(value) or (moment(f"{value}Z") if isinstance(value, str) else None)
    return None if found is None else int(found)
