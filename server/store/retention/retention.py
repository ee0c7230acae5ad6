"""Which rows, texts and pages are to go, in slices of one short transaction each."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from math import inf
from operator import itemgetter

from ...events import Event
from .. import Trimmed
from ..connection import transaction
from .age import Age
from .counts import Counts
from .expiry import FOREVER, delete_letters, delete_rows
from .limits import Limits
from .pace import Pace
from .parting import delete_parts
from .slices import Sight, Slice, see
from .space import Space

MOST_ROWS = 500
"""In a slice, however quick: no more of the log than a batch takes. The next rows may be far larger
than the last."""
LEAST_ROWS, TIMES = 50, 6
"""Between two batches, a slice takes on so many rows, or so many times those of the last batch: of
what age makes due, each kind has at least every sixth slice, and is to keep up."""


class Retention:
    """Deletes, blanks and gives back. For the store's thread.

    Above `limits.used_bytes` the oldest go, be it rows of all kinds, dead letters or parts.
    Only pages in use count for that: what the log or the journal takes no deleted row gives back.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rows, self._letters, self._parts = (Pace(MOST_ROWS) for _ in range(3))
        self._age = Age(limits, self._rows, self._letters, self._parts)
        self._counts = Counts()
        self._batch = 0  # events in the last one
        self._is_turn_of_old = False
        self._least: int | None = None  # bytes that were in use

    def start_over(self) -> None:
        """Nothing is known of the file that is next."""
        self._age.walk.start_over()
        self._least = None

    def run(self, db: sqlite3.Connection, *, is_idle: bool) -> Trimmed:
        """One slice, if anything is due, and how things stand then. Raises `sqlite3.Error`.

        Unless `is_idle` it is not much larger than the last batch, so that the disk is not kept
        busy: what answers wait for is written there, too.
        """
        if self._least is None:
            self._counts.read(db)  # what earlier processes deleted
        now = see(db)
        self._least = min(now.space.used, self._least or now.space.used)
        old, much = self._age.due(now), self._too_much(now)
        due = self._next(old, much, now.space)
        if due is not None:
            count = self._run(db, due, MOST_ROWS if is_idle else self._share())
            before, now = now, see(db)
            if due.bytes:
                due.pace.gives.note(count, before.space.used - now.space.used)
            much = self._too_much(now)
        news = self._counts.read(db)
        self._age.walk.replayed(news.replayed)
        used = now.space.used
        is_urgent = much is not None and used > self._line()
        more = self._age.is_late(now) or (much is not None and used > self._limits.used_bytes)
        slack = 0 if due else self._slack(used)
        blanked = self._age.walk.blanked
        return Trimmed(
            news.deleted, news.expired, blanked, now.oldest, now.space.file, more, is_urgent, slack
        )

    def _next(self, old: Slice | None, much: Slice | None, space: Space) -> Slice | None:
        """By turns: at the limit there is always too much. But above the line nothing else."""
        if old and much and space.used <= self._line():
            self._is_turn_of_old = not self._is_turn_of_old
            much = None if self._is_turn_of_old else much
        if much is None:
            self._age.next_turn()
        return much or old

    def _too_much(self, now: Sight) -> Slice | None:
        excess = self._excess(now.space)
        if not excess:
            return None
        oldest = (
            (now.row, self._rows, delete_rows),
            (now.letter, self._letters, delete_letters),
            (now.part, self._parts, delete_parts),
        )
        (first, pace, delete), (second, *_), _ = sorted(oldest, key=itemgetter(0))
        if first == FOREVER:
            return None
        return Slice(pace, partial(delete, before_ms=min(second + 1, FOREVER)), excess)

    def inserted(self, batch: Sequence[Event]) -> None:
        """To be told of each batch."""
        self._batch = len(batch)
        self._age.walk.inserted(batch)

    def _share(self) -> int:
        return max(LEAST_ROWS, TIMES * self._batch)

    def _run(self, db: sqlite3.Connection, due: Slice, most: int) -> int:
        size = min(due.pace.size, most)
        if due.bytes:
            size = min(size, due.pace.gives.rows_for(due.bytes))
        with due.pace.measured(), transaction(db):
            count = due.work(db, size)
        self._age.walk.committed()
        return count

    def _excess(self, space: Space) -> int:
        """Bytes to be freed: a little before the line, so that batches need not wait for slices."""
        return int(max(0, -self._slack(space.used)))

    def _slack(self, used: int) -> float:
        """Bytes until there is an excess; below 0 where there is one."""
        most, room = self._limits.used_bytes, self._limits.room_bytes
        return most - min(room // 4, most // 16) - used if most else inf

    def _line(self) -> int:
        """Bytes in use above which no batch is to be written.

        Of a file that was far too large batches need not wait for more than what they add.
        """
        most, least = self._limits.used_bytes, self._least or 0
        return most if least <= most + self._limits.room_bytes else least
