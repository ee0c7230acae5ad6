"""Over all rows in the order of arrival, taking the texts from those that are old enough."""

import sqlite3
from collections.abc import Mapping, Sequence

from ...events import KINDS, Event
from .blanking import START, Place, blank_texts, is_more


class Walk:
    """Remembers how far it came, in memory: no index knows which rows have texts.

    Rows that are put in behind it bring it back. For the store's thread.
    """

    def __init__(self) -> None:
        self.blanked = 0
        """Rows that lost their texts so far."""
        self.start_over()

    def start_over(self) -> None:
        """Begin with the oldest row: where it was already, nothing is left to write."""
        self._walked: dict[str, Place] = dict.fromkeys(KINDS, START)
        self._step: tuple[str, Place, int] | None = None
        self._replayed: int | None = None

    def inserted(self, batch: Sequence[Event]) -> None:
        """Of an earlier process, or by a clock that was set back."""
        first = min((event.created_at for event in batch), default=0)
        if (first - 1, 0) >= max(self._walked.values()):
            return  # as nearly always
        for event in batch:
            place = (event.created_at - 1, 0)
            if place < self._walked[event.kind]:
                self._walked[event.kind] = place

    def replayed(self, letters: int) -> None:
        """So many dead letters became rows so far, which another process does."""
        if letters != self._replayed:
            self.start_over()
            self._replayed = letters

    def next_kind(
        self, db: sqlite3.Connection, oldest: Mapping[str, int], from_ms: int, before_ms: int
    ) -> str | None:
        """The kind of which a row that arrived from `from_ms` to `before_ms` is to be looked at.

        Of two, the one that is behind.
        """
        due = [
            kind
            for kind, arrived in oldest.items()
            if arrived < before_ms and is_more(db, kind, self._after(kind, from_ms), before_ms)
        ]
        return min(due, key=self._walked.__getitem__, default=None)

    def step(
        self, db: sqlite3.Connection, most: int, kind: str, from_ms: int, before_ms: int
    ) -> int:
        """Look at no more than `most` rows; how many had texts.

        Call inside a transaction, and then `committed`.
        """
        blanked, last = blank_texts(db, kind, self._after(kind, from_ms), before_ms, most)
        self._step = (kind, last, blanked)
        return blanked

    def _after(self, kind: str, from_ms: int) -> Place:
        return max(self._walked[kind], (from_ms, START[1]))

    def committed(self) -> None:
        """The last step is."""
        if self._step is not None:
            kind, self._walked[kind], blanked = self._step
            self.blanked += blanked
            self._step = None
