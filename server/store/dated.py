"""Names for what is kept of a database beside it."""

import os
import time
from collections.abc import Sequence


def dated(name: str, ends: Sequence[str]) -> str:
    """`name` with the time in UTC, and with a number where one of its `ends` is there already."""
    dated = free = f"{name}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    number = 1
    while any(os.path.lexists(free + end) for end in ends):
        number += 1
        free = f"{dated}-{number}"
    return free
