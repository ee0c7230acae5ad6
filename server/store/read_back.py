"""Events read back: from the JSON that dead letters and parts are, and from rows."""

import json
from collections.abc import Iterable
from typing import Any

from ..events import COLUMNS, EVENTS, UTF8, Event


def to_json(event: Event) -> str:
    """The fields of `event` by name, without NULLs. Raises TypeError and ValueError."""
    pairs: Iterable[tuple[str, object]] = zip(event._fields, event, strict=True)
    texts = {name: _text(value) for name, value in pairs if value is not None}
    return json.dumps(texts, allow_nan=False)


def from_json(kind: str, text: str) -> Event:
    """The Event of that kind, as it was.

    Raises ValueError, TypeError, KeyError or AttributeError where it is none of this version.
    """
    table = EVENTS[kind]
    found = {name: _value(name, value) for name, value in json.loads(text).items()}
    return table(**{**dict.fromkeys(table._fields), **found})


def from_row(kind: str, values: Iterable[Any]) -> Event:
    """The Event that the values of its columns make, without keys."""
    pairs = zip(COLUMNS[kind], values, strict=True)
    members = {name: v.encode() if name in UTF8 and v is not None else v for name, v in pairs}
    return EVENTS[kind](**members)


def _text(value: object) -> object:
    """Bytes that are no UTF-8 survive: whatever was wrong with the event, the letter has it."""
    return value.decode(errors="surrogateescape") if isinstance(value, bytes) else value


def _value(name: str, value: Any) -> Any:
    if name == "keys":
        return tuple(value)
    is_text = name in UTF8 and isinstance(value, str)
    return value.encode(errors="surrogateescape") if is_text else value
