"""The store on SQLite: batches of Events in, rows and lifetime totals committed."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from ..events import Event
from . import Aside, Mark, Refused, Unavailable, Unusable, Written
from .batch import add_events
from .checkpoint import Checkpoints
from .connection import connect, transaction
from .dead_letters import put_letter
from .faults import schema_fault, translate
from .marks import forget_others, get_marks, get_token, new_token, put_mark, put_token

T = TypeVar("T")


class Doubt(NamedTuple):
    """A call whose COMMIT failed: a log that is recovered later may hold it all the same."""

    call: tuple[object, ...]
    token: int
    result: Any = None


class SqliteStore:
    """One database file in WAL mode. Call every method from one and the same thread."""

    def __init__(
        self, path: str, max_dead_letters: int = 1000, *, synchronous: str = "NORMAL"
    ) -> None:
        """`synchronous` is FULL where a commit must outlive a loss of power, else NORMAL."""
        self._path, self._max_dead_letters = path, max_dead_letters
        self._synchronous = synchronous
        self._checkpoints = Checkpoints(os.path.realpath(path) + "-wal")
        self._db: sqlite3.Connection | None = None
        self._mark: Mark | None = None  # the last one committed
        self._doubt: Doubt | None = None
        self.safe: Mark | None = None

    def open(self) -> None:
        """Open the file, or make it. Raises `Unusable`."""
        try:
            self._db = connect(self._path, self._synchronous)
        except sqlite3.Error as error:
            raise Unusable(f"cannot be used ({error})") from None
        if fault := schema_fault(self._db):
            self._forget()
            raise Unusable(f"is damaged: {fault}")

    def marks(self) -> Mapping[str, int]:
        """The number of the last settled record by journal id. Raises `Unavailable`."""
        with self._connected() as db:
            return get_marks(db)

    def write(self, batch: Sequence[Event], mark: Mark | None = None) -> Written:
        """Commit all of `batch` and `mark`, or none. Raises `Unavailable` or `Refused`.

        An event whose `event_id` is stored already, or stands earlier in the batch, adds no row.
        The same call again, after `Unavailable`, never counts its own rows as stored already.
        """
        return self._commit((batch, mark), mark, lambda db: add_events(db, batch))

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
            if self._checkpoints.failed:
                self._checkpoint(db)
            self._checkpoints.check()
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")

    def _commit(
        self, call: tuple[object, ...], mark: Mark | None, work: Callable[[sqlite3.Connection], T]
    ) -> T:
        """What `work` returns, committed with `mark`; of a call that was committed, what it did.

        From its COMMIT to the next success a call is in doubt: that one can fail, and hold.
        """
        with self._connected() as db:
            doubt = self._doubt if self._doubt and self._doubt.call == call else None
            with transaction(db):
                if doubt and get_token(db) == doubt.token:
                    result: T = doubt.result
                else:
                    result = work(db)
                    token = doubt.token if doubt else new_token()
                    if result != "full":
                        self._stamp(db, token, mark)
                    self._doubt = Doubt(call, token, result)
            self._doubt = None
            self._mark = mark or self._mark
            if self._checkpoints.is_due():
                self._checkpoint(db)
            return result

    def _checkpoint(self, db: sqlite3.Connection, mode: str = "PASSIVE") -> bool:
        is_done = self._checkpoints.run(db, mode)
        if is_done:
            self.safe = self._mark
        return is_done

    def _stamp(self, db: sqlite3.Connection, token: int, mark: Mark | None) -> None:
        put_token(db, token)
        if mark:
            put_mark(db, mark)
            if self._mark is None or self._mark.journal != mark.journal:
                forget_others(db, mark)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """The connection. `Refused` passes as it is, all else is raised as `Unavailable`.

        After a failure that is not a lock, the next call opens a new connection.
        """
        try:
            self._db = self._db or connect(self._path, self._synchronous)
            yield self._db
        except Unusable as error:
            raise Unavailable("other", f"the database {error}") from None
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
            fault = error if isinstance(error, Unavailable) else translate(error)
            if fault.reason != "busy":
                self._forget()
            raise fault from None

    def checkpoint(self) -> bool:
        """Copy all rows into the database file; False where that failed, or a reader held it up.

        Raises `Unavailable`.
        """
        with self._connected() as db:
            return self._checkpoint(db, "TRUNCATE")

    def close(self) -> bool:
        """Checkpoint and close, so that the rows stand in one file. Never raises."""
        is_done = False
        if self._db is not None:
            with contextlib.suppress(Unavailable):
                is_done = self.checkpoint()
            self._forget()
        return is_done

    def _forget(self) -> None:
        """Close the connection; the next call opens another."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None
