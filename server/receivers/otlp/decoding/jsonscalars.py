"""Texts, numbers and ids of OTLP in JSON, as senders write them: what is none is absent.

A number may come as a string, which protobuf's JSON does with 64 bits; an id in base64, which it
does with bytes; and an enumeration by its names.
"""

from binascii import a2b_base64
from collections.abc import Mapping

from . import values
from .values import clean

_MAX_TIME = 2**64


def string(said: object) -> str:
    """A text; empty where it is none."""
    return clean(said) if isinstance(said, str) else ""


def time_ns(said: object) -> int:
    """Unix ns; 0 where it is no time."""
    found = integer(said)
    return found if found is not None and 0 <= found < _MAX_TIME else 0


def enumerated(said: object, names: Mapping[str, int]) -> int:
    """The number of a member of an enumeration; 0 where it is none."""
    if isinstance(said, str) and said in names:
        return names[said]
    found = integer(said)
    return found if found is not None and abs(found) < 2**31 else 0


def ident(said: object, size: int) -> str:
    """An id of `size` bytes, as `values.ident` has it."""
    if not isinstance(said, str) or not said.isascii():
        return ""
    is_hex = len(said) == 2 * size
    try:
        found = bytes.fromhex(said) if is_hex else a2b_base64(said, strict_mode=True)
    except ValueError:
        return ""
    return values.ident(found, size)


def integer(said: object) -> int | None:
    """A whole number from an int, a float, or a string that holds either; else None."""
    if isinstance(said, str) and len(said) <= 32:
        try:
            return int(said)
        except ValueError:
            pass
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        return int(float(said)) if not isinstance(said, int) else said
    except (ValueError, OverflowError):
        return None
