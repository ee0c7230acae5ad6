"""Long work on the event loop, in slices, so that others have their turn between two."""

import time
from collections.abc import Iterable
from typing import Generic, TypeVar

SLICE_SECONDS = 0.005

Item = TypeVar("Item")


class Slices(Generic[Item]):
    """Items that are work to make; one of them is the least that is made at once."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self.made: list[Item] = []

    def work(self) -> bool:
        """Make items for SLICE_SECONDS; whether that were all. Raises what making one raises."""
        end = time.monotonic() + SLICE_SECONDS
        for item in self._items:
            self.made.append(item)
            if time.monotonic() > end:
                return False
        return True
