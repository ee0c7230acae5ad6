"""The rows of calls that a transaction changes: as they counted before, and as they count now."""

from collections.abc import Mapping

from ...events import Trace
from ..traffic import Traffic
from .stored import Row


class Changes:
    """By id of the row. A row that does not count, or is not there, is None."""

    def __init__(self, first: int, inserted: Mapping[int, Trace]) -> None:
        """`first`: the id from which on rows are of this transaction, as those `inserted`."""
        self._first = first
        self._was: dict[int, Trace | None] = {}
        self._now: dict[int, Trace | None] = dict(inserted)

    def set(self, row_id: int, now: Trace | None, was: Row | None = None) -> None:
        """Note what became of a row, and how it stood when it was read."""
        if was is not None and row_id < self._first:
            self._was.setdefault(row_id, was.trace if was.counted else None)
        self._now[row_id] = now

    def tell(self, traffic: Traffic) -> None:
        """Add all of them to `traffic`."""
        for row_id, now in self._now.items():
            traffic.row(self._was.get(row_id), now)
