"""Ids that the service makes."""

import os
import time


def uuid7() -> str:
    """A fresh UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, 74 random bits.

    Sorts by time, so that the unique index grows at its end. Python has it from 3.14 on.
    """
    random = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000) << 80 | random
    value = value & ~(0xF << 76) | 7 << 76  # version
    value = value & ~(0x3 << 62) | 2 << 62  # variant
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
