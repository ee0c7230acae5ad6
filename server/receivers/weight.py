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
    weight = len(text) + sum(cost * text.count(mark) for mark, cost in _EACH.items())
    if weight + 3 * len(text) <= MAX_WEIGHT or _is_narrow(text):
        return weight > MAX_WEIGHT
    # a string with one character beyond U+FFFF takes four bytes for each that it has
    wide = (len(string[0]) for string in _STRING.finditer(text) if not _is_narrow(string[0]))
    return weight + 3 * sum(wide) > MAX_WEIGHT


def _is_narrow(text: bytes | bytearray) -> bool:
    return text.isascii() and b"\\u" not in text
