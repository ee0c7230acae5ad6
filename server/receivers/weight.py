"""What a JSON text takes in memory as Python values: a hostile one up to fifty times its size."""

import re

MAX_WEIGHT = 40 * 2**20
"""Most bytes that the values of one event may take, beside its text."""

# bytes in CPython, on the safe side: an empty list is 56, a dict with one member 184, a float 24,
# a string 49 and what it says, a place in a list 8
_EACH = {b",": 32, b'"': 40, b'\\"': -40, b"[": 64, b"{": 160}
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


def is_too_heavy(text: bytearray) -> bool:
    """Whether the values of `text` may take more than MAX_WEIGHT.

    Commas and brackets inside strings are counted as if they were outside, so this errs for a
    text of many MB that is itself JSON.
    """
    least = _least(text)
    return least + 3 * len(text) > MAX_WEIGHT and least + _wide(text) > MAX_WEIGHT


def weight(text: bytearray) -> int:
    """Most bytes that the values of `text` take, about."""
    return _least(text) + _wide(text)


def _least(text: bytearray) -> int:
    """The same where every character takes one byte."""
    return len(text) + sum(cost * text.count(mark) for mark, cost in _EACH.items())


def _wide(text: bytearray) -> int:
    """What wide characters add: one beyond U+FFFF has its whole string take four bytes for each."""
    if _is_narrow(text):
        return 0
    return 3 * sum(len(s[0]) for s in _STRING.finditer(text) if not _is_narrow(s[0]))


def _is_narrow(text: bytes | bytearray) -> bool:
    return text.isascii() and b"\\u" not in text
