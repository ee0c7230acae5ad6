"""What was asked and answered, where log records say it instead of the span of the call."""

from typing import NamedTuple

from ...chat.toolcalls import is_hidden
from ...lenient import name
from ...written import parsed
from ..records import Attributes, Happening, LogRecord
from . import happenings
from .content import Texts, texts

_BEGIN = "gen_ai."
_CALLS = "tool_calls"


class Said(NamedTuple):
    """The texts of a record, and who said what was asked: nobody where it is a conversation."""

    event: str
    role: str
    texts: Texts


def said(record: LogRecord, max_text_bytes: int) -> Said | None:
    """None where the record has no text of a call, or does not say of which."""
    event = record.event_name or name(record.attributes.get("event.name")) or ""
    if not event.startswith(_BEGIN) or not (record.trace_id and record.span_id):
        return None
    members = _members(record)
    told = {key: value for key, value in members.items() if key.startswith(_BEGIN)}
    found = texts(told, [Happening(event, record.time_ns, members)], max_text_bytes)
    if found.input_text is None and found.output_text is None:
        return None
    return Said(event, happenings.role(event, members), found)


def _members(record: LogRecord) -> Attributes:
    """Of the message, or of the call: in the attributes and in the body, which may be JSON."""
    body = parsed(record.body)
    plain = {} if body in (None, "") else {"content": body}
    members = {**record.attributes, **(body if isinstance(body, dict) else plain)}
    message = members.get("message")
    if not isinstance(message, dict):
        return _with_calls(members, members.get(_CALLS))
    calls = message.get(_CALLS) or members.get(_CALLS)  # OpenLLMetry has them beside the message
    return {**members, "message": _with_calls(message, calls)}


def _with_calls(message: Attributes, calls: object) -> Attributes:
    """The message, with those of its tool calls that say more than which tool."""
    found = parsed(calls)
    shown = [call for call in found if not is_hidden(call)] if isinstance(found, list) else []
    rest = {key: value for key, value in message.items() if key != _CALLS}
    return {**rest, _CALLS: shown} if shown else rest
