"""The store on SQLite: batches of Events in, rows and lifetime totals committed."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from ..events import Event
from . import Aside, Damaged, Mark, Price, Trimmed, Unavailable, Written, as_it_is
from .batch import add_events
from .check import unusable
from .checkpoint import Checkpoints, Observe
from .connection import transaction
from .damage import set_aside
from .dead_letters import put_letter
from .joining.fold import SIZES, Sizes
from .link import Link, Replaced
from .marks import get_marks, get_token, new_token, stamp
from .retention.limits import Limits
from .retention.retention import Retention

T = TypeVar("T")


class Doubt(NamedTuple):
    """A call whose COMMIT failed: a log that is recovered later may hold it all the same."""

    call: tuple[object, ...]
    token: int
    result: Any = None


class SqliteStore:
    """One database file in WAL mode. Call every method from one and the same thread."""

    def __init__(
        self,
        path: str,
        max_dead_letters: int = 1000,
        *,
        synchronous: str = "NORMAL",
        set_aside_damaged: bool = False,
        price: Price = as_it_is,
        sizes: Sizes = SIZES,
        limits: Limits = Limits(),  # noqa: B008 a value that nobody can change
        observe: Observe = lambda outcome, seconds: None,
    ) -> None:
        """`synchronous` is FULL where a commit must outlive a loss of power, else NORMAL.

        `set_aside_damaged`: `open` renames a damaged file, and makes a new one. `observe` is told
        of each checkpoint, in the store's thread.
        """
        self._path = os.path.abspath(path)  # so that :memory: is a file like any other
        self._max_dead_letters = max_dead_letters
        self._set_aside_damaged = set_aside_damaged
        self._price, self._sizes = price, sizes
        self._limits, self._observe = limits, observe
        self._link = Link(self._path, synchronous, limits.log_bytes)
        self._checkpoints = Checkpoints(self._path, limits.log_bytes, observe)
        self._retention = Retention(limits)
        self.excess: str | None = None
        self._mark: Mark | None = None  # the last one committed
        self._doubt: Doubt | None = None
        self.safe: Mark | None = None
        self.files = 0
        self._void: set[str] = set()  # journals whose marks the file knows nothing of

    @property
    def trouble(self) -> str | None:
        """Why the write-ahead log grows; None while all is well. For any thread."""
        return self._checkpoints.trouble

    def open(self) -> None:
        """Open the file, or make it. Raises `Unusable`, and leaves what it refuses as it was."""
        try:
            self._open()
        except Damaged:
            self._open_damaged()

    def _open_damaged(self) -> None:
        """Look again: what a read that failed leaves in memory can look like damage."""
        try:
            self._open()
        except Damaged as error:
            if not self._set_aside_damaged:
                hint = "--set-aside-damaged renames it and goes on"
                raise Damaged(f"{error}; {hint}") from None
            set_aside(self._path, error)
            self._open()

    def _open(self) -> None:
        try:
            self._link.open(thorough=True)
        except sqlite3.Error as error:
            raise unusable(error) from None

    def marks(self) -> Mapping[str, int]:
        """The number of the last settled record by journal id. Raises `Unavailable`."""
        with self._connected() as db:
            return get_marks(db)

    def write(self, batch: Sequence[Event], mark: Mark | None = None) -> Written:
        """Commit all of `batch` and `mark`, or none. Raises `Unavailable` or `Refused`.

        An event whose `event_id` is stored already, or stands earlier in the batch, adds no row.
        The same call again, after `Unavailable`, never counts its own rows as stored already.
        """
        written = self._commit((batch, mark), mark, lambda db: self._add(db, batch))
        self._retention.inserted(batch)
        return written

    def _add(self, db: sqlite3.Connection, batch: Sequence[Event]) -> Written:
        return add_events(db, batch, self._price, self._sizes)

    def set_aside(self, event: Event, reason: str, mark: Mark | None = None) -> Aside:
        """Commit a dead letter and `mark`, or `mark` alone where the event has a letter already.

        `full`: `max_dead_letters` are kept, nothing was committed.
        Raises `Unavailable`, or `Refused` where even the letter cannot be stored.
        """
        limit = self._max_dead_letters
        return self._commit(
            (event, reason, mark), mark, lambda db: put_letter(db, event, reason, limit)
        )

    def tend(self) -> None:
        """See whether a transaction can be begun, and try a checkpoint that failed again.

        Raises `Unavailable`.
        """
        with self._connected() as db:
            if self._checkpoints.trouble:
                self._checkpoint(db)
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")

    def _commit(
        self, call: tuple[object, ...], mark: Mark | None, work: Callable[[sqlite3.Connection], T]
    ) -> T:
        """What `work` returns, committed with `mark`; of a call that was committed, what it did.

        From its COMMIT to the next success a call is in doubt: that one can fail, and hold.
        """
        with self._connected() as db:
            if mark and mark.journal in self._void:
                mark = None
            doubt = self._doubt if self._doubt and self._doubt.call == call else None
            with transaction(db):
                if doubt and get_token(db) == doubt.token:
                    result: T = doubt.result
                else:
                    result = work(db)
                    self._doubt = Doubt(call, doubt.token if doubt else new_token(), result)
                    if result != "full":
                        stamp(db, self._doubt.token, mark, self._mark)
            self._doubt = None
            self._mark = mark or self._mark
            if self._checkpoints.is_due():
                self._checkpoint(db)
            return result

    def trim(self, is_idle: bool) -> Trimmed:
        """Delete, blank or give back a little of what is due, and see to the log.

        No batch: it has no token and no mark. Raises `Unavailable`.
        """
        with self._connected() as db:
            trimmed = self._retention.run(db, is_idle=is_idle)
            if self._checkpoints.is_due():
                self._checkpoint(db)
            elif is_idle and not trimmed.more:
                self._note(self._checkpoints.give_back(db, trimmed.size))
            self.excess = self._excess(is_done=is_idle and not trimmed.more)
            return trimmed

    def _excess(self, *, is_done: bool) -> str | None:
        """What no deleted row would help against. `is_done`: and none is left that would."""
        is_held, most = self._checkpoints.is_held, self._limits.total_bytes
        if not most or not (is_held or is_done) or self._limits.measure() <= most:
            return None
        why = "a reader holds the write-ahead log" if is_held else "nothing is left to delete"
        return f"{why}: the files are over max_storage_bytes"

    def _checkpoint(self, db: sqlite3.Connection, mode: str = "PASSIVE") -> bool:
        return self._note(self._checkpoints.run(db, mode))

    def _note(self, is_done: bool) -> bool:
        """Whether a checkpoint was."""
        if is_done:
            self.safe = self._mark
        return is_done

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """The connection. Raises `Refused` and `Unavailable`."""
        try:
            with self._link.connected() as db:
                yield db
        except Replaced:
            self._start_over()
            raise

    def _start_over(self) -> None:
        """Nothing is known of the file at the path: least of all what was committed to another."""
        if self._mark:
            self._void.add(self._mark.journal)
        self.files += 1
        self._checkpoints = Checkpoints(self._path, self._limits.log_bytes, self._observe)
        self._retention.start_over()
        self._mark = self._doubt = self.safe = None

    def checkpoint(self) -> bool:
        """Copy all rows into the database file; False where that failed, or a reader held it up.

        Raises `Unavailable`.
        """
        with self._connected() as db:
            return self._checkpoint(db, "TRUNCATE")

    def close(self) -> bool:
        """Checkpoint and close, so that the rows stand in one file. Never raises."""
        is_done = False
        if self._link.db is not None:
            with contextlib.suppress(Unavailable):
                is_done = self.checkpoint()
            self._link.forget()
        return is_done
