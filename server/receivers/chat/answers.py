"""What a model answered, in the shapes of all providers."""

from collections.abc import Mapping
from typing import Any

from ..lenient import mapping
from . import toolcalls
from .words import MAX_DEPTH, said, spoken

_CHOICES = ("choices", "output", "candidates", "messages", "generations")


def answer(response: object) -> str | None:
    """What was answered: messages, or the response of an API; of several choices each.

    Messages run on, since they mostly are pieces of one text, unless tools are called among them.
    """
    if isinstance(response, str):
        return said(response)
    choices = response if isinstance(response, list) else _choices(mapping(response))
    if not isinstance(choices, list):
        return said(response)
    messages = [mapping(choice).get("message") or choice for choice in choices]
    found = spoken(messages, MAX_DEPTH)
    if len(found) < 2:
        return found[0] if found else None
    runs_on = choices is response and not any(map(_calls_tools, messages))
    return ("" if runs_on else "\n\n").join(found)


def _choices(members: Mapping[str, Any]) -> object:
    return next((found for key in _CHOICES if (found := members.get(key))), None)


def _calls_tools(message: object) -> bool:
    members = mapping(message)
    parts = members.get("parts") or members.get("content")
    ones = [members, *(map(mapping, parts) if isinstance(parts, list) else ())]
    return any(one.get("type") in toolcalls.TYPES or toolcalls.tool_calls(one) for one in ones)
