"""What a JSON text takes in memory as Python values: a hostile one up to fifty times its size."""

import re

MAX_WEIGHT = 40 * 2**20
"""Most bytes that the values of one event may take, beside its text."""

# bytes in CPython, on the safe side: an empty list is 56, a dict with one member 184, a float 24,
# a string 49 and what it says, a place in a list 8
_EACH = {b",": 32, b'"': 40, b'\\"': -40, b"[": 64, b"{": 160}
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_ASTRAL = re.compile(rb"[\xf0-\xf4]|\\u[dD][89abAB]")  # beyond U+FFFF: four bytes a character
_WIDE = re.compile(rb"[\xc4-\xef]|\\u(?!00)")  # beyond U+00FF: two


def is_too_heavy(text: bytearray) -> bool:
    """Whether the values of `text` may take more than MAX_WEIGHT.

    Commas and brackets inside strings are counted as if they were outside, so this errs for a
    text of many MB that is itself JSON.
    """
    most = len(text) * 4 + _structure(text)
    return most > MAX_WEIGHT and weight(text) > MAX_WEIGHT


def weight(text: bytearray) -> int:
    """Most bytes that the values of `text` take, about."""
    least = len(text) + _structure(text)
    if text.isascii() and b"\\u" not in text:  # no character is wide: a twentieth of the time
        return least
    strings = (found.span() for found in _STRING.finditer(text))
    return least + sum((end - start) * _extra(text, start, end) for start, end in strings)


def _structure(text: bytearray) -> int:
    return sum(cost * text.count(mark) for mark, cost in _EACH.items())


def _extra(text: bytearray, start: int, end: int) -> int:
    """Bytes beyond one that each character of a string takes: as many as its widest needs."""
    return 3 if _ASTRAL.search(text, start, end) else 1 if _WIDE.search(text, start, end) else 0
