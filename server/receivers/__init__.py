"""Receivers: a dialect a file. Bytes in, Events and Rejecteds out. No Tornado, no I/O."""

from collections.abc import Sequence
from typing import Protocol

from ..events import Group, Rejected


class Receiver(Protocol):
    """What a handler needs of a dialect. Called on the event loop's thread."""

    def read(self, body: bytes | bytearray, media_type: str) -> Sequence[Group | Rejected]:
        """One entry an item, in order. Raises `Unreadable` when no items can be told apart."""
