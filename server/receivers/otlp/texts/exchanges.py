"""What was asked and answered in the value of one attribute: messages, a request, or a text."""

import re
from collections.abc import Mapping
from typing import Any

from ...chat.answers import answer
from ...lenient import mapping
from ...written import as_json, parsed

_ASKED = ("messages", "input", "contents", "prompt", "prompts")
_SYSTEM = ("system", "instructions", "system_instruction")
_ANSWERED = frozenset(
    ("choices", "output", "candidates", "messages", "generations", "content", "parts", "message")
) | {"completion", "combined_chunk_content"}
_HIDDEN = frozenset(("type", "id", "name"))
"""Members that the parts of a message keep where its content is not captured."""
_TYPED = frozenset(("type", "value"))
_NOTHING = re.compile(
    r"(?:null|<[^<>]{1,200} object at 0x[0-9a-f]{1,16}>)\Z|\{'data': \[\{'embedding': "
)
"""What is written for an answer that was not there or that nobody read yet, and for vectors."""
_VECTORS = frozenset(("data", "embedding", "embeddings"))


def turns(value: object, *, whole: bool = False) -> list[Any]:
    """The messages in `value`, or in the request that it is; one that is no list of them is one.

    `whole`: whether a request for a single text is shown with all that it says.
    """
    found = _read(value)
    if isinstance(found, list):
        return [turn for turn in found if not _is_hidden(turn)]
    if not isinstance(found, dict) or not found:
        return [found]
    asked = next((found[key] for key in _ASKED if isinstance(found.get(key), list)), None)
    if asked is not None:
        return [*_instructions(found), *_flat(asked)]
    if _is_message(found):
        return [found]
    if whole:
        return [as_json(value)]
    words = next((said for key in _ASKED if isinstance(said := found.get(key), str)), None)
    if words:
        return [*_instructions(found), {"role": "user", "content": words}]
    return [as_json(value)]


def answered(value: object) -> str | None:
    """The answer in `value`: in messages, in a response, or `value` as it is."""
    found = _read(value)
    if not isinstance(found, dict):
        return answer(found)
    if not _ANSWERED.isdisjoint(found):
        return answer(found)
    return answer(as_json(value)) if _VECTORS.isdisjoint(found) else None


def _is_message(members: Mapping[str, Any]) -> bool:
    return "content" in members or "parts" in members


def _is_hidden(turn: object) -> bool:
    parts = turn.get("parts") if isinstance(turn, dict) else None
    return isinstance(parts, list) and all(map(_HIDDEN.issuperset, map(mapping, parts)))


def _read(value: object) -> object:
    if isinstance(value, list):
        return [_element(one) for one in value]
    found = parsed(value)
    if found is value and isinstance(value, str) and _NOTHING.match(value):
        return None
    return _untyped(found)


def _untyped(found: object) -> object:
    """The value in LangWatch's `{type, value}`."""
    return found["value"] if isinstance(found, dict) and found.keys() == _TYPED else found


def _element(one: object) -> object:
    """One of a list that is an attribute: it is often JSON, as lists there hold no objects."""
    found = parsed(one)
    return found if isinstance(found, str) or _is_message(mapping(found)) else one


def _instructions(members: Mapping[str, Any]) -> list[Any]:
    found = next((members[key] for key in _SYSTEM if members.get(key)), None)
    return [{"role": "system", "content": found}] if found else []


def _flat(asked: list[Any]) -> list[Any]:
    """Without the list around it, where a batch of one conversation was asked for."""
    return asked[0] if len(asked) == 1 and isinstance(asked[0], list) else asked
