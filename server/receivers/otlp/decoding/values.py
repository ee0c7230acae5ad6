"""What is the same of a value in protobuf and in JSON."""

from sys import getsizeof

from ... import lenient

MAX_DEPTH = 30
"""Lists in each other; what is deeper is cut off. The library reads 32; metadata may nest 64."""
MAX_NESTED = 40_000
"""Values, or their fields, in the lists of one record that is large; what follows is left out."""
MAX_NUMBERS = 2_000
"""The same of lists of numbers: a span can hold a hundred embeddings of some thousand each."""
MAX_HAPPENINGS = 10_000
"""Events of one span; what follows is left out. SDKs keep 128 as a rule."""
MAX_TEXT = 2**23
"""Bytes in memory of the texts of one record that is large; what is behind them is cut off."""
TOO_DEEP = "…"

_NO_ID = {16: bytes(16), 8: bytes(8)}


def clean(text: str) -> str:
    """`text` without NUL and lone surrogates, and of bounded size. Most have neither: 40 ns."""
    if len(text) > MAX_TEXT // 4:
        text = cut(text, MAX_TEXT)
    if text.isascii() and "\0" not in text:
        return text
    return lenient.text(text) or ""


def cut(text: str, most: int) -> str:
    """So much of `text` as takes `most` bytes in memory."""
    size = getsizeof(text)
    return text if size <= most else text[: len(text) * most // size]


def ident(data: bytes, size: int) -> str:
    """An id of `size` bytes in lower-case hex; empty where it is none, or all zeros."""
    return data.hex() if len(data) == size and data != _NO_ID[size] else ""
