"""One JSON value: bytes in, plain Python values out."""

import json
from collections.abc import Callable
from math import isfinite
from typing import NoReturn

import orjson

from ..nesting import nests_deeper
from ..refusal import Refusal

LARGE = 2**22
"""Bytes from which on memory counts for more than speed."""

MAX_NESTING = 1024
"""Of orjson; the standard library's is another one in each version of Python, and may be lower."""


class Reader:
    """Reads one JSON value as orjson does, but a lone surrogate is the fault of one item only."""

    def __init__(self, constant: Callable[[str], None], number: Callable[[str], float]) -> None:
        """What becomes of NaN and the infinities, and of numbers beyond a double's range."""
        self._constant, self._number = constant, number

    def __call__(self, text: bytearray) -> object:
        """Raises `Refusal` for what is no JSON, a byte order mark included."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return self._read(text.decode)

    def large(self, text: bytearray) -> object:
        """The same; `text` is given away, so that it is not held three times meanwhile."""
        if len(text) <= LARGE:
            return self(text)

        def decode() -> str:
            decoded = text.decode()
            text.clear()
            return decoded

        return self._read(decode)

    def _read(self, decode: Callable[[], str]) -> object:
        try:
            value = json.loads(
                decode(),
                parse_constant=self._constant,
                parse_float=self._number,
                parse_int=self._integer,
            )
            if not nests_deeper(value, MAX_NESTING):
                return value
            message = "nested too deep"
        except json.JSONDecodeError as error:
            message = f"{error.msg} (character {error.pos})"
        except (ValueError, RecursionError):
            message = "malformed text or number, or nested too deep"
        raise Refusal("invalid_json", 400, f"not JSON: {message}")

    def _integer(self, digits: str) -> int | float:
        """As orjson reads it: a float where it has more than 64 bits."""
        value = int(digits) if len(digits) <= 20 else self._number(digits)
        return value if -(2**63) <= value < 2**64 else self._number(digits)


def _no_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(number: str) -> float:
    value = float(number)
    return value if isfinite(value) else _no_json(number)


STRICT = Reader(_no_json, _finite)
PYTHONS = Reader(lambda constant: None, float)
"""Reads what Python's json.dumps may write: NaN and the infinities are None."""
