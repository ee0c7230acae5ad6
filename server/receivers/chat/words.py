"""What a message of a chat says, or a part of one, in the shapes of all providers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...texts import without_binary
from ..lenient import mapping, text
from ..written import as_json
from . import attached, toolcalls

Members = Mapping[str, Any]

_REDACTED = ("redacted-by-litellm", "__REDACTED__")  # no set: that would hash every text
_SAYING = (  # where the words are: the first that has some
    *("content", "parts", "contents", "text", "output", "refusal", "transcript", "audio"),
    *("message", "value", "response", "result", "completion", "combined_chunk_content", "kwargs"),
    "user",
)
_SAYABLE = frozenset(_SAYING)
_THINKING = ("thinking", "reasoning", "content", "text", "summary")
_RESULTING = ("response", "result", "output", "content")
_RESULTS = ("functionResponse", "function_response", "toolResult", "toolResponse")
_ACTING = frozenset(("tool_calls", *toolcalls.PARTS, *_RESULTS))
MAX_DEPTH = 5
"""Levels of lists and parts in each other that are read."""
MOST = 10_000
"""Messages of a list, or parts of one, that are read: the last ones, at about 2 us each."""


def said(value: object, depth: int = MAX_DEPTH) -> str | None:
    """What a message, a part of one, or a list of either says; None when nothing."""
    if isinstance(value, str):
        return _shown(value)
    if not depth:
        return None
    if isinstance(value, list):
        return "\n".join(spoken(value, depth - 1)) or None
    if not isinstance(value, dict):
        return None
    kind = value.get("type")
    if kind == "text" and isinstance(words := value.get("content") or value.get("text"), str):
        return _shown(words)  # as most parts are
    return _reader(kind, value)(value, depth - 1)


def spoken(parts: list[Any], depth: int) -> list[str]:
    """What each of `parts` says; thoughts are left out where anything else is said."""
    found: list[str] = []
    thoughts: list[str] = []
    for part in parts[-MOST:]:
        words = said(part, depth)
        if words:
            (thoughts if _is_thought(part) else found).append(words)
    return found or thoughts


def _reader(kind: object, members: Members) -> Callable[[Members, int], str | None]:
    """How to read a part of this type."""
    if isinstance(kind, str) and kind in _BY_TYPE:
        return _BY_TYPE[kind]
    return _call if "toolName" in members else _plain


def _plain(members: Members, depth: int) -> str | None:
    """A message, or a part with words; of one without any, what it is."""
    words = None if _SAYABLE.isdisjoint(members) else _first(members, _SAYING, depth)
    if not _ACTING.isdisjoint(members):
        calls = map(toolcalls.shown, toolcalls.tool_calls(members))
        results = (_result(mapping(members.get(key)), depth) for key in _RESULTS)
        words = "\n".join(filter(None, (words, *calls, *results)))
    return words or attached.name(members)


def _first(members: Members, keys: Iterable[str], depth: int) -> str | None:
    """The words of the first member that has any."""
    for key in keys:
        value = members.get(key)
        if value and (words := said(value, depth)):
            return words
    return None


def _call(members: Members, _: int) -> str | None:
    return toolcalls.shown(members)


def _result(members: Members, depth: int) -> str | None:
    """What a tool answered: in words, else as JSON."""
    found = next((members[key] for key in _RESULTING if members.get(key) is not None), None)
    found = mapping(found).get("value", found)
    if found is None:
        return None
    return said(found, depth) or text(as_json(found))


def _file(members: Members, depth: int) -> str | None:
    return attached.size(members) or _plain(members, depth)


def _is_thought(part: object) -> bool:
    if not isinstance(part, dict):
        return False
    return part.get("type") in ("reasoning", "thinking") or part.get("thought") is True


def _thought(members: Members, depth: int) -> str | None:
    return _first(members, _THINKING, depth)


def _shown(words: str) -> str | None:
    shown = without_binary(text(words) or "")
    return None if shown in _REDACTED else shown


_BY_TYPE: Mapping[str, Callable[[Members, int], str | None]] = {
    **dict.fromkeys(toolcalls.TYPES, _call),
    **dict.fromkeys(("tool_result", "tool-result", "tool_call_response"), _result),
    **dict.fromkeys(("reasoning", "thinking"), _thought),
    **dict.fromkeys(attached.TYPES, _file),
}
