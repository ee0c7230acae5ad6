"""JSON and NDJSON bodies: bytes in, plain Python values out, one at a time."""

from collections.abc import Iterator
from functools import partial

from ..events import Rejected
from ..refusal import Refusal
from .elements import elements, is_array, skip_space
from .reader import Reader
from .weight import is_too_heavy

JSON = "application/json"
NDJSON = "application/x-ndjson"
WHOLE = 2**20
"""Bytes that are parsed at once, which takes 1 to 5 ms; a larger array goes by its elements."""

Items = Iterator[object | Rejected]


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
        found = iter(value if isinstance(value, list) else [value])
    else:
        parts = elements(body) if is_array(body) else _only([body])
        found = map(partial(_read_large, kind, read), parts)
    return _at_most(found, max_events)


def lines(body: bytearray, kind: str, max_events: int, read: Reader) -> Items:
    """One item a line; blank lines are none."""
    return _at_most(_lines(body, kind, read), max_events)


def _lines(body: bytearray, kind: str, read: Reader) -> Items:
    start = skip_space(body, 0)
    while start < len(body):
        end = body.find(b"\n", start) + 1 or len(body)
        try:
            yield _read_large(kind, read, body[start:end])
        except Refusal as fault:
            yield Rejected(kind, fault.reason, "", fault.message)
        start = skip_space(body, end)


def fits(text: bytearray) -> bool:
    """Whether the values of one item may be held in memory; a small one is not even weighed."""
    return len(text) <= WHOLE or not is_too_heavy(text)


def _only(text: list[bytearray]) -> Iterator[bytearray]:
    """The one in `text`, let go once it is taken."""
    yield text.pop()


def _read_large(kind: str, read: Reader, text: bytearray) -> object | Rejected:
    if not fits(text):
        return Rejected(kind, "unstorable", "", "takes too much memory as values")
    return read.large(text)


def _at_most(found: Items, max_events: int) -> Items:
    for number, item in enumerate(found):
        if number == max_events:
            message = f"more than {max_events} events in one request"
            raise Refusal("too_many_events", 413, message)
        yield item
