"""JSON and NDJSON bodies: bytes in, plain Python values out, one at a time."""

from collections.abc import Iterator
from functools import partial
from typing import TypeVar

from ..events import Rejected
from ..refusal import Refusal
from .cursor import Cursor, skip_space
from .reader import Reader
from .weight import is_too_heavy

JSON = "application/json"
NDJSON = "application/x-ndjson"
WHOLE = 2**20
"""Bytes that are parsed at once, which takes 1 to 5 ms; a larger array goes by its elements."""

Items = Iterator[object | Rejected]
T = TypeVar("T")


def items(body: bytearray, media_type: str, kind: str, max_events: int, read: Reader) -> Items:
    """The items of an array, of a single object, or of lines (where a bad one is a Rejected).

    Raises `Refusal` when no items can be told apart, at any moment: none of them is then one.
    """
    if media_type == NDJSON:
        return lines(body, kind, max_events, read)
    if media_type != JSON:
        message = f"Content-Type must be {JSON} or {NDJSON}"
        raise Refusal("unsupported_media_type", 415, message)
    if len(body) <= WHOLE:
        value = read(body)
        values = value if isinstance(value, list) else [value]
        if len(values) > max_events:
            raise _too_many(max_events)
        return iter(values)
    cursor = Cursor(body)
    parts = elements(cursor) if cursor.is_at(b"[") else _only([body])
    return at_most(map(partial(_read_large, kind, read), parts), max_events)


def lines(body: bytearray, kind: str, max_events: int, read: Reader) -> Items:
    """One item a line; blank lines are none."""
    return at_most(_lines(body, kind, read), max_events)


def _lines(body: bytearray, kind: str, read: Reader) -> Items:
    start = skip_space(body, 0)
    while start < len(body):
        end = body.find(b"\n", start) + 1 or len(body)
        yield alone(body[start:end], kind, read)
        start = skip_space(body, end)


def elements(cursor: Cursor) -> Iterator[bytearray]:
    """The text of each element of the array at `cursor`, behind which nothing may follow.

    What is inside an element is left to a parser. Raises `Refusal` where one does not end, or the
    array is not well-formed; what was yielded before stands.
    """
    for _ in cursor.elements():
        yield cursor.take()
        cursor.rested()
    cursor.finish()


def fits(text: bytearray) -> bool:
    """Whether the values of one item may be held in memory; a small one is not even weighed."""
    return len(text) <= WHOLE or not is_too_heavy(text)


def alone(text: bytearray, kind: str, read: Reader) -> object | Rejected:
    """The value of `text`, which is given away; what is no JSON costs no other item anything."""
    try:
        return _read_large(kind, read, text)
    except Refusal as fault:
        return Rejected(kind, fault.reason, "", fault.message)


def _only(text: list[bytearray]) -> Iterator[bytearray]:
    """The one in `text`, let go once it is taken."""
    yield text.pop()


def _read_large(kind: str, read: Reader, text: bytearray) -> object | Rejected:
    if not fits(text):
        return Rejected(kind, "unstorable", "", "takes too much memory as values")
    return read.large(text)


def at_most(found: Iterator[T], max_events: int) -> Iterator[T]:
    """The same. Raises `Refusal` behind the last of `max_events` where there are more."""
    for number, item in enumerate(found):
        if number == max_events:
            raise _too_many(max_events)
        yield item


def _too_many(max_events: int) -> Refusal:
    return Refusal("too_many_events", 413, f"more than {max_events} events in one request")
