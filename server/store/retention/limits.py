"""What the store may keep: for how long, and in how many bytes."""

from collections.abc import Callable
from typing import NamedTuple

LOG_BYTES = 1000 * 2**14
"""By which the write-ahead log grows between two checkpoints, where no limit asks for fewer."""


class Limits(NamedTuple):
    """None of them, unless they are given. 0 is no limit."""

    row_seconds: float = 0.0
    """After which a row, or a dead letter, is deleted."""
    text_seconds: float = 0.0
    """After which a row's texts are."""
    total_bytes: int = 0
    """Of all files together; the two below are shares of it."""
    used_bytes: int = 0
    """Of the database's pages that are in use, above which the oldest rows are deleted."""
    room_bytes: int = 0
    """What one batch may add to them."""
    log_bytes: int = LOG_BYTES
    """By which the write-ahead log grows between two checkpoints."""
    measure: Callable[[], int] = int
    """Bytes of all files together, as they are now."""
