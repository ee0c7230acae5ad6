"""What an Event occupies in memory while it waits."""

from operator import itemgetter
from sys import getsizeof
from typing import Any

from .events import Error, Event, Trace

_NUMBER = 32
_TEXT = 49
"""Bytes of an int or a float, and of a str or bytes without what it says."""

Table = type[Trace] | type[Error]


def _fields(table: Table, *kinds: object) -> Any:
    """Takes the fields of these types out of an Event."""
    return itemgetter(
        *(i for i, kind in enumerate(table.__annotations__.values()) if kind in kinds)
    )


_NAMES = {table: _fields(table, str, str | None) for table in (Trace, Error)}
_TEXTS = {table: _fields(table, bytes, bytes | None) for table in (Trace, Error)}
_FIXED = {
    table: getsizeof(tuple(table._fields))
    + sum(
        _TEXT if "str" in str(kind) or "bytes" in str(kind) else _NUMBER
        for kind in table.__annotations__.values()
    )
    for table in (Trace, Error)
}


def footprint(event: Event) -> int:
    """Bytes, at most: values may be shared, and NULLs are counted as if they were there."""
    table = type(event)
    names = "".join(filter(None, _NAMES[table](event)))  # as wide as the widest of them
    texts = sum(map(len, filter(None, _TEXTS[table](event))))
    size = _FIXED[table] + getsizeof(names) + texts
    return size + sum(map(getsizeof, event.keys)) if event.keys else size
