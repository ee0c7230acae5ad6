"""The store on SQLite: batches of Events in, rows and lifetime totals committed."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from ..events import Error, Event, Trace
from . import Refused, Unavailable, Unusable, Written
from .connection import connect, transaction
from .faults import translate
from .schema import TABLES

ROWS_A_STATEMENT = 50
"""Rows in one INSERT: the interpreter is left alone for the length of a statement, so that the
writer's thread keeps up beside a busy event loop: three times the rows of executemany."""

_UTF8 = frozenset(("metadata", "input_text", "output_text", "message", "stack_trace"))
_ADD = """
    INSERT INTO totals (name, value) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET value = value + excluded.value
"""


class SqliteStore:
    """One database file in WAL mode. Call every method from one and the same thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, or make it. Raises `Unusable`."""
        try:
            self._db = connect(self._path)
        except sqlite3.Error as error:
            raise Unusable(f"cannot be used ({error})") from None
        if fault := _schema_fault(self._db):
            self._forget()
            raise Unusable(f"is damaged: {fault}")

    def write(self, batch: Sequence[Event]) -> Written:
        """Commit all of `batch`, or none. Raises `Unavailable` or `Refused`: nothing was written.

        An event whose `event_id` is stored already, or stands earlier in the batch, adds no row.
        """
        try:
            self._db = self._db or connect(self._path)
            with transaction(self._db):
                written = _insert(self._db, batch)
                self._db.executemany(_ADD, _totals(written))
            return written
        except Unusable as error:
            raise Unavailable("other", f"the database {error}") from None
        except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> Unavailable | Refused:
        """What `error` means. Where it is not a lock, the next write opens a new connection."""
        fault = translate(error)
        if isinstance(fault, Refused) or fault.reason == "busy":
            return fault
        is_generic = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
        if is_generic and self._db is not None and not _schema_fault(self._db):
            return Refused(str(error))  # the statements are sound: it is the event
        self._forget()
        return fault

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


def _insert(db: sqlite3.Connection, batch: Sequence[Event]) -> Written:
    written = Written(Counter(), Counter())
    for table in (Trace, Error):
        rows = [event for event in batch if isinstance(event, table)]
        for start in range(0, len(rows), ROWS_A_STATEMENT):
            part = rows[start : start + ROWS_A_STATEMENT]
            added = db.execute(_statement(table, len(part)), list(chain(*part))).rowcount
            written.persisted[part[0].kind] += added
            written.deduplicated[part[0].kind] += len(part) - added
    return written


@lru_cache(maxsize=2 * ROWS_A_STATEMENT)
def _statement(table: type[Event], rows: int) -> str:
    marks = ", ".join("CAST(? AS TEXT)" if name in _UTF8 else "?" for name in table._fields)
    name = TABLES["trace" if table is Trace else "error"]
    values = ", ".join([f"({marks})"] * rows)
    return (
        f"INSERT INTO {name} ({', '.join(table._fields)}) VALUES {values}"  # noqa: S608 our own names
        " ON CONFLICT (event_id) DO NOTHING"
    )


def _schema_fault(db: sqlite3.Connection) -> str | None:
    """Which of our tables or columns is missing, or None."""
    wanted = {TABLES["trace"]: Trace._fields, TABLES["error"]: Error._fields}
    try:
        for table, columns in {**wanted, "totals": ("name", "value")}.items():
            db.execute(f"SELECT {', '.join(columns)} FROM {table} LIMIT 0")  # noqa: S608 our names
    except sqlite3.Error as error:
        return str(error)
    return None


def _totals(written: Written) -> Iterator[tuple[str, int]]:
    for outcome, counts in written._asdict().items():
        for kind, count in counts.items():
            yield f"{outcome}.{kind}", count
