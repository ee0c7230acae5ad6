"""Messages that are events of their span."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...lenient import mapping, text
from ...written import parsed
from ..records import Attributes, Happening
from .exchanges import answered, turns
from .indexed import parts

DETAILS = "gen_ai.client.inference.operation.details"
"""The event whose attributes are those that the span itself could have."""

_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.system.instruction": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_CHOICE = "gen_ai.choice"
_BODY = "gen_ai.event.content"
"""Where some senders put the members of a message, as JSON."""


class Messages(NamedTuple):
    """What events say was asked, and answered."""

    asked: list[object]
    answered: list[object]


def details(happenings: Iterable[Happening]) -> Attributes:
    """The attributes of all the events that tell about the call."""
    return {
        name: value
        for happening in happenings
        if happening.name == DETAILS
        for name, value in happening.attributes.items()
    }


def messages(events: Iterable[tuple[str, Mapping[str, Any]]]) -> Messages:
    """The messages of events, by their names and attributes."""
    found = Messages([], [])
    for name, attributes in events:
        if name in _ROLES:
            found.asked.append({"role": _ROLES[name], **_message(attributes)})
        elif name == _CHOICE:
            found.answered.append(_message(attributes))
        elif name == "gen_ai.content.prompt":
            found.asked.extend(turns(attributes.get("gen_ai.prompt")))
        elif name == "gen_ai.content.completion":
            found.answered.append(answered(attributes.get("gen_ai.completion")))
    return found


def role(name: str, attributes: Mapping[str, Any]) -> str:
    """Who says what an event by this name says; empty where it is more than one message."""
    return text(attributes.get("role")) or _ROLES.get(name, "")


def with_last_answered(found: Messages) -> Messages:
    """The last message as the answer, where it is the assistant's: OpenAI's agents in logfire."""
    *asked, last = found.asked or [None]
    is_answer = mapping(last).get("role") == "assistant"
    return Messages(asked, [last]) if is_answer else found


def _message(attributes: Mapping[str, Any]) -> dict[str, Any]:
    members = {**attributes, **mapping(parsed(attributes.get(_BODY)))}
    for name, read in (("content", parts), ("message", _structure), ("tool_calls", _structure)):
        if name in members:
            members[name] = read(members[name])
    return members


def _structure(value: object) -> object:
    found = parsed(value)
    return found if isinstance(found, list) or "content" in mapping(found) else value
