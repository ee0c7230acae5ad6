"""Chat messages as people read them: what was said, by whom, and which tools were called."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .lenient import mapping, text

_REDACTED = frozenset(("redacted-by-litellm", "__REDACTED__"))


def conversation(messages: object, max_bytes: int) -> str | None:
    """The messages of a request, oldest first; None where there are none, or they are hidden.

    When they are longer than `max_bytes` of UTF-8 the oldest are left out, with a note of how many:
    the last message of the user, and what follows it, says what was asked.
    """
    turns = messages if isinstance(messages, list) else [messages]
    spoken = [(role, said) for role, said in map(_turn, turns) if said]
    if not spoken:
        return None
    if len(spoken) == 1:
        return spoken[0][1]
    first = _first_kept(spoken, max_bytes)
    note = [f"[{first} earlier messages left out]"] if first else []
    return "\n\n".join(note + [f"{role}: {said}" for role, said in spoken[first:]])


def message_text(message: object) -> str | None:
    """What one message says, and the tools that it calls; None when nothing."""
    if isinstance(message, str):
        return _shown(message)
    members = mapping(message)
    calls = members.get("tool_calls")
    parts = [_content(members.get("content")), _shown(members.get("refusal"))]
    parts += [_call(call) for call in calls] if isinstance(calls, list) else []
    return "\n".join(part for part in parts if part) or None


def _turn(message: object) -> tuple[str, str | None]:
    return text(mapping(message).get("role")) or "user", message_text(message)


def _first_kept(spoken: Sequence[tuple[str, str]], max_bytes: int) -> int:
    """Index of the first message to keep: all that fit, and always from the last user's on."""
    users = [i for i, (role, _) in enumerate(spoken) if role == "user"]
    last, first, left = users[-1] if users else len(spoken) - 1, len(spoken), max_bytes - 64
    while first > 0 and (first > last or left >= _cost(spoken[first - 1])):
        first -= 1
        left -= _cost(spoken[first])
    return first


def _cost(turn: tuple[str, str]) -> int:
    return len(turn[0]) + len(turn[1].encode()) + 4


def _content(content: object) -> str | None:
    parts = content if isinstance(content, list) else [content]
    return "\n".join(shown for shown in map(_part, parts) if shown) or None


def _part(part: object) -> str | None:
    """One part of a message: its text, the text of its image's URL, or else what it is."""
    if isinstance(part, str):
        return _shown(part)
    members = mapping(part)
    for key in ("text", "content", "refusal"):
        if isinstance(members.get(key), str):
            return _shown(members[key])
    if members.get("type") in ("tool_use", "tool_call", "function_call"):
        return _call(members)
    url = mapping(members.get("image_url")).get("url", members.get("image_url"))
    return text(url) or (f"[{text(members['type'])}]" if members.get("type") else None)


def _call(call: object) -> str | None:
    """A tool call as `name(arguments)`, in the shapes of OpenAI and Anthropic."""
    members = mapping(call)
    function: Mapping[str, Any] = mapping(members.get("function")) or members
    arguments = function.get("arguments", function.get("input", ""))
    shown = arguments if isinstance(arguments, str) else _json(arguments)
    return text(f"{function.get('name') or 'tool'}({shown})")


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return "…"


def _shown(value: object) -> str | None:
    shown = text(value)
    return None if shown in _REDACTED else shown
