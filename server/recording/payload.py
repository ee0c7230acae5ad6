"""Events as the payload of a journal's record, and back."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import msgpack
import orjson

from ..events import EVENTS, Error, Event, Trace

HEADING = orjson.dumps({kind: table._fields for kind, table in EVENTS.items()})
"""Names the columns in the order in which the payloads have their values."""

Make = Callable[[Sequence[Any]], Event]


def encode(events: Sequence[Event]) -> bytes:
    """The payload that `decoder` reads."""
    payload: bytes = msgpack.packb([(event.kind, event) for event in events])
    return payload


@lru_cache(maxsize=8)
def decoder(heading: bytes) -> Callable[[bytes | memoryview], list[Event]]:
    """Reads payloads of a journal with this heading, also one of an older version.

    Columns that are new since are NULL. Both raise ValueError where they are none of ours.
    """
    makers = {kind: _maker(EVENTS[kind], names) for kind, names in _columns(heading)}

    def decode(payload: bytes | memoryview) -> list[Event]:
        try:
            return [
                makers[kind](values) for kind, values in msgpack.unpackb(payload, use_list=False)
            ]
        except (TypeError, KeyError, IndexError) as error:
            raise ValueError(f"no events of this version: {type(error).__name__}") from None

    return decode


def _columns(heading: bytes) -> list[tuple[str, list[str]]]:
    columns = orjson.loads(heading)
    if not isinstance(columns, dict):
        raise ValueError("no heading of this version")
    return [(kind, names) for kind, names in columns.items() if kind in EVENTS]


def _maker(table: type[Trace] | type[Error], names: list[str]) -> Make:
    if tuple(names) == table._fields:
        return table._make
    places = [names.index(name) if name in names else None for name in table._fields]
    return lambda values: table._make(None if i is None else values[i] for i in places)
