"""Which rows, texts and pages are to go, in slices of one short transaction each."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ...events import Event
from ...times import now_ms
from .. import Trimmed
from ..connection import transaction
from .counts import Counts
from .expiry import delete_letters, delete_rows, oldest_letter, oldest_rows
from .limits import Limits
from .pace import FIRST, Pace
from .space import Space, can_give_back, give_back, is_spare, look
from .walk import Walk

MOST_ROWS, MOST_TEXTS, MOST_PAGES = 500, 100, 100
"""In a slice, however quick: no more of the log than a batch takes. The next rows may be far larger
than the last, and those that only lose their texts are written again."""
LEAST_ROWS, TIMES = 50, 2
"""Between two batches, a slice takes on so many rows, or so many times those of the last batch."""


class Slice(NamedTuple):
    """What to do, to no more than the pace says."""

    pace: Pace
    work: Callable[[sqlite3.Connection, int], int]
    bytes: int = 0
    """To be freed; 0 where it is not bytes that count."""


class Yield:
    """How many bytes a row gives back, as the last slices show: pages are freed whole."""

    def __init__(self) -> None:
        self._rows = self._bytes = 0.0

    def note(self, rows: int, freed: int) -> None:
        """What a slice did; the one before counts half."""
        self._rows, self._bytes = self._rows / 2 + rows, self._bytes / 2 + max(0, freed)

    def rows_for(self, wanted: int) -> int:
        """How many rows give back so many bytes, so that no more are deleted than must be."""
        return int(wanted * self._rows / self._bytes) + 1 if self._bytes else FIRST


class Retention:
    """Deletes, blanks and gives back. For the store's thread.

    Above `limits.used_bytes` the oldest rows of all kinds go first, then the oldest dead letters.
    Only pages in use count for that: what the log or the journal takes no deleted row gives back.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rows, self._letters = Pace(MOST_ROWS), Pace(MOST_ROWS)
        self._texts, self._pages = Pace(MOST_TEXTS), Pace(MOST_PAGES)
        self._counts, self.walk = Counts(), Walk()
        self._batch = 0  # events in the last one
        self._is_turn_of_old = False
        self._least: int | None = None  # bytes that were in use
        self._yield = Yield()

    def start_over(self) -> None:
        """Nothing is known of the file that is next."""
        self.walk.start_over()
        self._least = None

    def run(self, db: sqlite3.Connection, *, is_idle: bool) -> Trimmed:
        """One slice, if anything is due, and how things stand then. Raises `sqlite3.Error`.

        Unless `is_idle` it is not much larger than the last batch, so that the disk is not kept
        busy: what answers wait for is written there, too.
        """
        if self._least is None:
            self._counts.read(db)  # what earlier processes deleted
        space, oldest = look(db), oldest_rows(db)
        self._least = min(space.used, self._least or space.used)
        old, much = self._too_old(db, space, oldest), self._too_much(db, space, oldest)
        due = self._next(old, much, space)
        if due is not None:
            count = self._run(db, due, MOST_ROWS if is_idle else self._share())
            before, space, oldest = space, look(db), oldest_rows(db)
            if due.bytes:
                self._yield.note(count, before.used - space.used)
            old, much = self._too_old(db, space, oldest), self._too_much(db, space, oldest)
        deleted, replayed = self._counts.read(db)
        self.walk.replayed(replayed)
        is_urgent = much is not None and space.used > self._line()
        more = old is not None or (much is not None and space.used > self._limits.used_bytes)
        return Trimmed(deleted, self.walk.blanked, oldest, space.file, more, is_urgent)

    def _next(self, old: Slice | None, much: Slice | None, space: Space) -> Slice | None:
        """By turns: at the limit there is always too much. But above the line nothing else."""
        if old and much and space.used <= self._line():
            self._is_turn_of_old = not self._is_turn_of_old
            return old if self._is_turn_of_old else much
        return much or old

    def _too_much(
        self, db: sqlite3.Connection, space: Space, oldest: Mapping[str, int]
    ) -> Slice | None:
        excess = self._excess(space)
        if excess and oldest:
            return Slice(self._rows, delete_rows, excess)
        if excess and oldest_letter(db) is not None:
            return Slice(self._letters, delete_letters, excess)
        return None

    def _too_old(
        self, db: sqlite3.Connection, space: Space, oldest: Mapping[str, int]
    ) -> Slice | None:
        """The most pressing."""
        before, letter = _ago(self._limits.row_seconds), oldest_letter(db)
        if oldest and min(oldest.values()) < before:
            return Slice(self._rows, partial(delete_rows, before_ms=before))
        if letter is not None and letter < before:
            return Slice(self._letters, partial(delete_letters, before_ms=before))
        return self._due_in_rows(db, oldest) or self._due_in_file(db, space)

    def _due_in_rows(self, db: sqlite3.Connection, oldest: Mapping[str, int]) -> Slice | None:
        before = _ago(self._limits.text_seconds)
        kind = self.walk.next_kind(db, oldest, before)
        if kind is None:
            return None
        return Slice(self._texts, partial(self.walk.step, kind=kind, before_ms=before))

    def _due_in_file(self, db: sqlite3.Connection, space: Space) -> Slice | None:
        if is_spare(space, self._limits) and can_give_back(db):
            return Slice(self._pages, give_back)
        return None

    def inserted(self, batch: Sequence[Event]) -> None:
        """To be told of each batch."""
        self._batch = len(batch)
        self.walk.inserted(batch)

    def _share(self) -> int:
        return max(LEAST_ROWS, TIMES * self._batch)

    def _run(self, db: sqlite3.Connection, due: Slice, most: int) -> int:
        size = min(due.pace.size, most)
        if due.bytes:
            size = min(size, self._yield.rows_for(due.bytes))
        with due.pace.measured(), transaction(db):
            count = due.work(db, size)
        self.walk.committed()
        return count

    def _excess(self, space: Space) -> int:
        """Bytes to be freed: a little before the line, so that batches need not wait for slices."""
        most, room = self._limits.used_bytes, self._limits.room_bytes
        return max(0, space.used - most + min(room // 4, most // 16)) if most else 0

    def _line(self) -> int:
        """Bytes in use above which no batch is to be written.

        Of a file that was far too large batches need not wait for more than what they add.
        """
        most, least = self._limits.used_bytes, self._least or 0
        return most if least <= most + self._limits.room_bytes else least


def _ago(seconds: float) -> int:
    """Unix ms; before anything that is stored where nothing ever expires."""
    return now_ms() - int(seconds * 1000) if seconds else -(2**63)
