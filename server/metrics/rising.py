"""Counters over sums that may fall: what Prometheus takes for a start anew must not be shown."""

from collections.abc import Sequence
from operator import add


class Rising:
    """Sums, and the highest that each has been. Move them on one thread; read them on any."""

    def __init__(self, size: int) -> None:
        self._sums: Sequence[float] = [0] * size
        self.highest: Sequence[float] = self._sums

    def add(self, changes: Sequence[float]) -> None:
        """Change each sum by its change."""
        self._sums = list(map(add, self._sums, changes))
        self.highest = list(map(max, self.highest, self._sums))
