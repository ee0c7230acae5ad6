"""JSON and NDJSON bodies: bytes in, plain Python values out."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import NoReturn

import orjson

from ..events import Rejected

JSON = "application/json"
NDJSON = "application/x-ndjson"


class Unreadable(Exception):
    """A body in which no event could be counted: a fixed word, an HTTP status, a sentence."""

    def __init__(self, reason: str, status: int, message: str) -> None:
        super().__init__(reason, status, message)
        self.reason, self.status, self.message = reason, status, message


Parse = Callable[[bytes | bytearray], object]


def read(
    body: bytes | bytearray, media_type: str, kind: str, max_events: int, parse: Parse
) -> list[object | Rejected]:
    """The items of an array, of a single object, or of lines (where a bad one is a Rejected)."""
    if media_type == NDJSON:
        return lines(body, kind, max_events, parse)
    if media_type != JSON:
        wanted = f"{JSON} or {NDJSON}"
        raise Unreadable("unsupported_media_type", 415, f"Content-Type must be {wanted}")
    value = parse(body)
    items = value if isinstance(value, list) else [value]
    if len(items) > max_events:
        _too_many(max_events)
    return items


def consume(items: list[object | Rejected]) -> Iterator[object | Rejected]:
    """Each item in order, let go as it is taken: a full body is not held twice as Events grow."""
    items.reverse()
    while items:
        yield items.pop()


def lines(
    body: bytes | bytearray, kind: str, max_events: int, parse: Parse
) -> list[object | Rejected]:
    """One item a line; blank lines are none."""
    items: list[object | Rejected] = []
    for line in BytesIO(body):
        if line.isspace():
            continue
        if len(items) == max_events:
            _too_many(max_events)
        try:
            items.append(parse(line))
        except Unreadable as error:
            items.append(Rejected(kind, error.reason, "", error.message))
    return items


def parse(text: bytes | bytearray) -> object:
    """One JSON value. Raises `Unreadable`; NaN, Infinity and a byte order mark are not JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # orjson refuses a whole body for one lone surrogate, which is the fault of one item only
        if b"\\u" not in text:
            raise Unreadable("invalid_json", 400, f"not JSON: {error}") from None
    return _parse_slowly(text, _no_json, _finite)


def parse_pythons(text: bytes | bytearray) -> object:
    """One JSON value as Python's json.dumps may write it: NaN and the infinities are None."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _parse_slowly(text, lambda constant: None, float)


def _parse_slowly(
    text: bytes | bytearray, constant: Callable[[str], None], number: Callable[[str], float]
) -> object:
    try:
        return json.loads(text.decode(), parse_constant=constant, parse_float=number)
    except (ValueError, RecursionError) as error:
        message = (
            error.msg if isinstance(error, json.JSONDecodeError) else "malformed text or number"
        )
        raise Unreadable("invalid_json", 400, f"not JSON: {message}") from None


def _no_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(number: str) -> float:
    value = float(number)
    return _no_json(number) if value in (float("inf"), float("-inf")) else value


def _too_many(max_events: int) -> NoReturn:
    raise Unreadable("too_many_events", 413, f"more than {max_events} events in one request")
