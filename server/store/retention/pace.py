"""How much one slice of work takes on, so that it never holds the store's thread for long."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

SHORT_SECONDS, LONG_SECONDS = 0.008, 0.02
"""A slice quicker than the first is followed by one of twice its size, one slower than the second
by one of half. So they take 8 to 20 ms, and one that turns out dearer stays under 50."""
FIRST = 16


class Yield:
    """How many bytes a row or letter gives back, as the last slices show: pages are freed whole."""

    def __init__(self) -> None:
        self._rows = self._bytes = 0.0

    def note(self, rows: int, freed: int) -> None:
        """What a slice did; the one before counts half."""
        self._rows, self._bytes = self._rows / 2 + rows, self._bytes / 2 + max(0, freed)

    def rows_for(self, wanted: int) -> int:
        """How many rows give back so many bytes, so that no more are deleted than must be."""
        return int(wanted * self._rows / self._bytes) + 1 if self._bytes else FIRST


class Pace:
    """From FIRST on, between 1 and `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.size = min(FIRST, most)
        """What the next slice is to take on."""
        self.gives = Yield()

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Around a slice. After one that fails the next is half as large: it needs less space."""
        start, took = time.monotonic(), LONG_SECONDS * 2
        try:
            yield
            took = time.monotonic() - start
        finally:
            if took > LONG_SECONDS:
                self.size = max(1, self.size // 2)
            elif took < SHORT_SECONDS:
                self.size = min(self._most, self.size * 2)
