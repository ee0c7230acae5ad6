"""Ids that the service makes."""

import hashlib
import random

from .times import now_ms


def uuid7(now: int | None = None) -> str:
    """A fresh UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, 74 random bits.

    `now`: the milliseconds, where they are known.
    Sorts by time, so that the unique index grows at its end. Python has it from 3.14 on.
    """
    # os.urandom would hand the interpreter to the writer's thread for each id: 13 % of an event
    bits = random.getrandbits(74)
    value = now_ms() << 80 | 7 << 76 | (bits >> 62) << 64
    value |= 2 << 62 | bits & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def hashed(value: str) -> str:
    """An id in the place of `value`, which cannot be stored itself: equal for equal ones only."""
    return "sha256:" + hashlib.sha256(value.encode()).hexdigest()
