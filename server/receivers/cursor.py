"""A place in a JSON text, which goes from value to value without parsing what it passes."""

import re
from collections.abc import Iterator

import orjson

from ..refusal import Refusal
from .reader import LARGE

MAX_STEPS = 100_000
"""Looks at brackets until others have a turn, of about 0.7 us each; what is small and flat takes
none."""

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'  # possessive: nothing is tried twice
_FLAT = rb'[\[{][^"\[\]{}]{0,32}+(?:"[^"\\]{0,32}+"[^"\[\]{}]{0,32}+){0,4}+[\]}]'
_TO_BRACKET = re.compile(
    rb'[^"\[\]{}]*+(?:(?:' + _STRING + rb"|" + _FLAT + rb')[^"\[\]{}]*+)*+[\[\]{}]', re.DOTALL
)
_SCALAR = re.compile(_STRING + rb'|[^"\[\]{},\s]++', re.DOTALL)
_NAME = re.compile(rb"(" + _STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+", re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_NEXT = re.compile(rb"[ \t\r\n]*+(?:,[ \t\r\n]*+|([\]}]))")
_OPENING = frozenset(b"[{")


class Cursor:
    """Stands at a value. What is inside a value that is passed or taken is left to a parser.

    All methods raise `Refusal` where a value does not end, or what is around it is no JSON.
    """

    def __init__(self, text: bytearray) -> None:
        """`text` is given away: what is behind a large value is let go once that is taken."""
        self._text, self._gone = text, 0
        self._at, self._steps = skip_space(text, 0), MAX_STEPS

    def rested(self) -> None:
        """Others had a turn: from here on there may be MAX_STEPS again."""
        self._steps = MAX_STEPS

    def is_at(self, opening: bytes) -> bool:
        """Whether the value begins with this bracket."""
        return self._text.startswith(opening, self._at)

    def elements(self) -> Iterator[None]:
        """Stand at each element of the array in turn, then behind the array.

        An element that is not passed before the next one is asked for is passed then.
        """
        for _ in self._inside(b"]"):
            yield from self._here()

    def members(self) -> Iterator[str]:
        """Stand at the value of each member of the object in turn, and say its name."""
        for _ in self._inside(b"}"):
            name = self._name()
            for _ in self._here():
                yield name

    def take(self) -> bytearray:
        """The text of the value, which is passed."""
        start, end = self._at, self._end()
        if end - start <= LARGE:
            self._at = end
            return self._text[start:end]
        self._at, self._gone = 0, self._gone + end
        value, self._text = cut_out(self._text, start, end)
        return value

    def finish(self) -> None:
        """Raises `Refusal` where anything but white space follows."""
        if skip_space(self._text, self._at) != len(self._text):
            raise self._malformed("expected nothing behind it")

    def _inside(self, closing: bytes) -> Iterator[None]:
        """Stand at each entry in turn, which has to be passed, then behind all of them."""
        self._at = skip_space(self._text, self._at + 1)
        if self.is_at(closing):
            self._at += 1
            return
        while True:
            yield
            found = _NEXT.match(self._text, self._at)
            if found is None or found[1] not in (None, closing):
                raise self._malformed("expected a comma or the end")
            self._at = found.end()
            if found[1]:
                return

    def _here(self) -> Iterator[None]:
        before = self._at, self._gone
        yield
        if before == (self._at, self._gone):
            self._at = self._end()

    def _name(self) -> str:
        found = _NAME.match(self._text, self._at)
        if found is None:
            raise self._malformed("expected a name and a colon")
        try:
            name = str(orjson.loads(found[1]))
        except orjson.JSONDecodeError:
            raise self._malformed("expected a name of Unicode text") from None
        self._at = found.end()
        return name

    def _end(self) -> int:
        """Index behind the value."""
        text, start = self._text, self._at
        if not text.startswith((b"{", b"["), start):
            scalar = _SCALAR.match(text, start)
            if scalar is None:
                raise self._malformed("expected a value")
            return scalar.end()
        depth, end = 1, start + 1
        for steps in range(self._steps):
            found = _TO_BRACKET.match(text, end)
            if found is None:
                raise self._malformed("it does not end")
            end = found.end()
            depth += 1 if text[end - 1] in _OPENING else -1
            if depth == 0:
                self._steps -= steps
                return end
        raise Refusal("body_too_large", 413, "too many arrays and objects in each other")

    def _malformed(self, message: str) -> Refusal:
        where = self._gone + self._at
        return Refusal("invalid_json", 400, f"not JSON: {message} (byte {where})")


def cut_out(text: bytearray, start: int, end: int) -> tuple[bytearray, bytearray]:
    """What stands from `start` to `end`, and what is behind it; `text` is given away.

    The larger of both is not copied, so that a large body is not held twice.
    """
    if end - start < len(text) - end:
        value = text[start:end]
        del text[:end]
        return value, text
    rest = text[end:]
    del text[end:], text[:start]
    return text, rest


def skip_space(text: bytearray, start: int) -> int:
    """Index of what follows JSON's white space at `start`."""
    found = _SPACE.match(text, start)
    return found.end() if found else start
