"""The store on SQLite: batches of Events in, rows and lifetime totals committed."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence

from ..events import Error, Event, Trace
from . import Refused, Unavailable, Unusable, Written
from .connection import connect, transaction
from .dead_letters import put_letter
from .faults import refusing, schema_fault, translate
from .insert import insert
from .totals import add_totals


class SqliteStore:
    """One database file in WAL mode. Call every method from one and the same thread."""

    def __init__(self, path: str, max_dead_letters: int = 1000) -> None:
        self._path, self._max_dead_letters = path, max_dead_letters
        self._db: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, or make it. Raises `Unusable`."""
        try:
            self._db = connect(self._path)
        except sqlite3.Error as error:
            raise Unusable(f"cannot be used ({error})") from None
        if fault := schema_fault(self._db):
            self._forget()
            raise Unusable(f"is damaged: {fault}")

    def write(self, batch: Sequence[Event]) -> Written:
        """Commit all of `batch`, or none. Raises `Unavailable` or `Refused`: nothing was written.

        An event whose `event_id` is stored already, or stands earlier in the batch, adds no row.
        """
        with self._committing() as db:
            return add_events(db, batch)

    def set_aside(self, event: Event, reason: str) -> bool:
        """Commit a dead letter: False where `max_dead_letters` are kept already.

        Raises `Unavailable`, or `Refused` where even the letter cannot be stored.
        """
        with self._committing() as db:
            return put_letter(db, event, reason, self._max_dead_letters)

    @contextlib.contextmanager
    def _committing(self) -> Iterator[sqlite3.Connection]:
        """A transaction. Raises `Refused` as it comes from inside, and all else as `Unavailable`.

        After a failure that is not a lock, the next transaction opens a new connection.
        """
        try:
            self._db = self._db or connect(self._path)
            with transaction(self._db):
                yield self._db
        except Unusable as error:
            raise Unavailable("other", f"the database {error}") from None
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
            fault = translate(error)
            if fault.reason != "busy":
                self._forget()
            raise fault from None

    def close(self) -> None:
        """Checkpoint and close, so that the rows stand in one file. Never raises."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._forget()

    def _forget(self) -> None:
        """Close the connection; the next write opens another."""
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None


def add_events(db: sqlite3.Connection, batch: Sequence[Event]) -> Written:
    """Insert `batch` and move the totals. Call inside a transaction.

    Raises `Refused` where a failure is an event's own, and `sqlite3.Error`.
    """
    with refusing(db):
        written = _insert(db, batch)
    add_totals(db, _totals(written))
    return written


def _insert(db: sqlite3.Connection, batch: Sequence[Event]) -> Written:
    written = Written(Counter(), Counter())
    for table, kind in ((Trace, "trace"), (Error, "error")):
        if rows := [event for event in batch if isinstance(event, table)]:
            added = insert(db, rows)
            written.persisted[kind] += added
            written.deduplicated[kind] += len(rows) - added
    return written


def _totals(written: Written) -> dict[str, int]:
    return {
        f"{outcome}.{kind}": count
        for outcome, counts in written._asdict().items()
        for kind, count in counts.items()
    }
