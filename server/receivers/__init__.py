"""Receivers: a dialect a file or folder. Bytes in, Events and Rejecteds out. No Tornado, no I/O."""

from collections.abc import Iterator
from typing import Protocol

from ..events import Item


class Receiver(Protocol):
    """What a handler needs of a dialect. Called on the event loop's thread."""

    def read(self, body: bytearray, media_type: str) -> Iterator[Item]:
        """One entry an item, in order, each made when it is asked for.

        Raises `Refusal`, also in the midst of them, when no items can be told apart.
        """
