"""The elements of a JSON array, one after another, without parsing the whole of it at once."""

import re
from collections.abc import Iterator

from ..refusal import Refusal

MAX_STEPS = 100_000
"""Looks at brackets in one element, of about 0.7 us each; what is small and flat takes none."""

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'  # possessive: nothing is tried twice
_FLAT = rb'[\[{][^"\[\]{}]{0,32}+(?:"[^"\\]{0,32}+"[^"\[\]{}]{0,32}+){0,4}+[\]}]'
_TO_BRACKET = re.compile(
    rb'[^"\[\]{}]*+(?:(?:' + _STRING + rb"|" + _FLAT + rb')[^"\[\]{}]*+)*+[\[\]{}]', re.DOTALL
)
_SCALAR = re.compile(_STRING + rb'|[^"\[\]{},\s]++', re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_NEXT = re.compile(rb"[ \t\r\n]*+([,\]])")
_OPENING = frozenset(b"[{")


def is_array(text: bytearray) -> bool:
    """Whether `text` begins as an array does."""
    return text.startswith(b"[", skip_space(text, 0))


def elements(text: bytearray) -> Iterator[bytearray]:
    """The text of each element of the array `text`.

    What is inside an element is left to a parser. Raises `Refusal` where one does not end, or the
    array is not well-formed; what was yielded before stands.
    """
    start = skip_space(text, skip_space(text, 0) + 1)
    is_open = not text.startswith(b"]", start)
    end = start + 1
    while is_open:
        end = _end_of(text, start)
        yield text[start:end]
        found = _NEXT.match(text, end)
        if found is None:
            raise _malformed("expected a comma or the end of the array", end)
        is_open, end = found[1] == b",", found.end()
        start = skip_space(text, end)
    if skip_space(text, end) != len(text):
        raise _malformed("expected nothing behind the array", end)


def _end_of(text: bytearray, start: int) -> int:
    """Index behind the element that begins at `start`."""
    if not text.startswith((b"{", b"["), start):
        scalar = _SCALAR.match(text, start)
        if scalar is None:
            raise _malformed("expected a value", start)
        return scalar.end()
    depth, end = 1, start + 1
    for _ in range(MAX_STEPS):
        found = _TO_BRACKET.match(text, end)
        if found is None:
            raise _malformed("it ends too early", len(text))
        end = found.end()
        depth += 1 if text[end - 1] in _OPENING else -1
        if depth == 0:
            return end
    raise Refusal("body_too_large", 413, "an event has too many arrays and objects in each other")


def skip_space(text: bytearray, start: int) -> int:
    """Index of what follows JSON's white space at `start`."""
    found = _SPACE.match(text, start)
    return found.end() if found else start


def _malformed(message: str, where: int) -> Refusal:
    return Refusal("invalid_json", 400, f"not JSON: {message} (byte {where})")
