"""Chat messages as people read them: what was said, by whom, and which tools were called."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..texts import without_binary
from .lenient import mapping, text

_REDACTED = frozenset(("redacted-by-litellm", "__REDACTED__"))
_CALLS = frozenset(("tool_use", "tool_call", "function_call", "custom_tool_call"))
_SAYING = ("content", "text", "output", "refusal", "transcript", "audio")
_SILENT = frozenset(("message", "reasoning"))
_MAX_DEPTH = 5


class Conversation(NamedTuple):
    """A request's messages as one text, and their bytes where not all of them are in it."""

    text: str
    whole_bytes: int | None


def conversation(messages: object, max_bytes: int) -> Conversation | None:
    """The messages of a request, oldest first; None where there are none, or they are hidden.

    When they are longer than `max_bytes` of UTF-8 the oldest are left out, with a note of how many:
    the last message of the user, and what follows it, says what was asked.
    """
    turns = messages if isinstance(messages, list) else [messages]
    spoken = [(_role(turn), words) for turn in turns if (words := said(turn))]
    if len(spoken) < 2:
        return Conversation(spoken[0][1], None) if spoken else None
    first = _first_kept(spoken, max_bytes)
    shown = [f"{role}: {words}" for role, words in spoken[first:]]
    if not first:
        return Conversation("\n\n".join(shown), None)
    note = f"[{first} earlier messages left out]"
    whole = sum(map(_cost, spoken)) - len("\n\n")
    return Conversation("\n\n".join([note, *shown]), whole)


def said(value: object, depth: int = _MAX_DEPTH) -> str | None:
    """What a message, a part of one, or a list of either says; None when nothing."""
    if isinstance(value, str):
        return _shown(value)
    if not depth:
        return None
    if isinstance(value, list):
        return _joined(said(part, depth - 1) for part in value)
    members = mapping(value)
    if not members:
        return None
    if text(members.get("type")) in _CALLS:
        return _call(members)
    words = [said(members.get(key), depth - 1) for key in _SAYING]
    return _joined([*words, *map(_call, _tool_calls(members))]) or _name_of(members)


def _role(turn: object) -> str:
    return text(mapping(turn).get("role")) or "user"


def _first_kept(spoken: Sequence[tuple[str, str]], max_bytes: int) -> int:
    """Index of the first message to keep: all that fit, and always from the last user's on."""
    users = [i for i, (role, _) in enumerate(spoken) if role == "user"]
    last, first, left = users[-1] if users else len(spoken) - 1, len(spoken), max_bytes - 64
    while first > 0 and (first > last or left >= _cost(spoken[first - 1])):
        first -= 1
        left -= _cost(spoken[first])
    return first


def _cost(turn: tuple[str, str]) -> int:
    """Bytes of a turn in the whole text."""
    return len(turn[0].encode()) + len(turn[1].encode()) + len(": ") + len("\n\n")


def _tool_calls(members: Mapping[str, Any]) -> list[object]:
    """The tools that a message calls, in the newer and the older shape of OpenAI."""
    calls = members.get("tool_calls")
    older = members.get("function_call")
    return [*(calls if isinstance(calls, list) else []), *([older] if mapping(older) else [])]


def _call(call: object) -> str | None:
    """A tool call as `name(arguments)`, in the shapes of OpenAI and Anthropic."""
    members = mapping(call)
    function: Mapping[str, Any] = mapping(members.get("function")) or members
    arguments = function.get("arguments", function.get("input", ""))
    shown = arguments if isinstance(arguments, str) else _json(arguments)
    return text(f"{text(function.get('name')) or 'tool'}({shown})")


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return "…"


def _name_of(members: Mapping[str, Any]) -> str | None:
    """A part without words: its image's address, or what it is."""
    image = members.get("image_url")
    address = text(mapping(image).get("url", image))
    kind = text(members.get("type"))
    return _shown(address) or (f"[{kind}]" if kind and kind not in _SILENT else None)


def _shown(words: str | None) -> str | None:
    shown = text(words)
    if shown and "base64," in shown:
        shown = without_binary(shown.encode()).decode()
    return None if shown in _REDACTED else shown


def _joined(parts: Iterable[str | None]) -> str | None:
    return "\n".join(part for part in parts if part) or None
