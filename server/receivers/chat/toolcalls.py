"""The tools that a message calls, as `name(arguments)`."""

from collections.abc import Mapping
from typing import Any

from ..lenient import mapping, text
from ..written import as_json

TYPES = ("tool_use", "tool_call", "tool-call", "function_call", "custom_tool_call", "function")
"""Types of the parts of a message that are such a call themselves."""
PARTS = ("function_call", "functionCall", "toolUse", "toolRequest")
"""Members of a message, or of a part of one, that are one."""

_NAMES = ("name", "toolName")
_ARGUMENTS = ("arguments", "input", "args")


def tool_calls(members: Mapping[str, Any]) -> list[object]:
    """The calls of a message: in a list of them, or as a part of the message."""
    calls = members.get("tool_calls")
    parts = [members[key] for key in PARTS if mapping(members.get(key))]
    return [*(calls if isinstance(calls, list) else []), *parts]


def is_hidden(call: object) -> bool:
    """Whether all that is told of it is which tool, as where content is not captured."""
    function = mapping(mapping(call).get("function"))
    return bool(function) and function.keys().isdisjoint(_ARGUMENTS)


def shown(call: object) -> str | None:
    """One call, in the shape of any provider; its arguments are JSON."""
    members = mapping(call)
    function = mapping(members.get("function")) or members
    name = next((found for key in _NAMES if (found := text(function.get(key)))), "tool")
    arguments = next((function[key] for key in _ARGUMENTS if key in function), "")
    return text(f"{name}({as_json(arguments)})")
