"""Whom and what a span or a log record is about, and single attributes as they are wanted."""

from typing import Any

from ...times import MAX_MS, MIN_MS
from ..lenient import name
from .calls.attributes import read
from .calls.conventions import COLUMNS, RESOURCE
from .records import Attributes

_TIES = ("provider", "model", "session_id", "agent")
"""Columns that tie a failure which is no call's own to calls."""
TYING = frozenset(
    line.attribute
    for column in _TIES
    for line in COLUMNS[column]
    if line.whole and "." in line.attribute
)
"""Attributes that these columns tell."""


def first(attributes: Attributes, *names: str) -> str | None:
    """The first of these attributes that is there and is not empty, as a text."""
    for one in names:
        if one in attributes and (text := words(attributes[one])):
            return text
    return None


def words(value: object) -> str | None:
    """A text or a number as a text; None for what is neither, and for blanks."""
    if isinstance(value, str):
        return value if value.strip() else None
    return str(value) if isinstance(value, int | float) else None


def ties(attributes: Attributes) -> dict[str, Any]:
    """The columns of an error that say which call, conversation or agent it belongs to."""
    named = {name: value for name, value in attributes.items() if "." in name}
    columns = read(named).columns  # a plain `model` may mean anything here
    return {column: columns.get(column) for column in _TIES}


def origin(resource: Attributes, scope: str) -> dict[str, str]:
    """Members of the metadata that say which program told it."""
    found: dict[str, str] = {}
    for member, attribute in RESOURCE:
        if member not in found and attribute in resource and (said := name(resource[attribute])):
            found[member] = said
    if said := name(scope):
        found["scope"] = said
    return found


def milliseconds(time_ns: int) -> int | None:
    """Unix ms of Unix ns; None where the schemas would take it for a mistake."""
    ms = time_ns // 1_000_000
    return ms if MIN_MS <= ms <= MAX_MS else None
