"""The store's one connection: opened, held to its files, opened anew after a failure."""

import contextlib
import sqlite3
from collections.abc import Iterator

from . import Refused, Unavailable, Unusable
from .check import look
from .connection import connect
from .faults import translate
from .files import Files

_TORN = "the write-ahead log was deleted, and cannot be brought back yet"


class Replaced(Unavailable):
    """The file of the connection is out of reach, with what was committed to it."""

    def __init__(self) -> None:
        super().__init__(
            "other",
            "the database file was deleted or replaced;"
            " what was committed to the old one is out of reach here",
        )


class Link:
    """At most one open connection to the file at `path`. For one thread."""

    def __init__(self, path: str, synchronous: str, log_bytes: int) -> None:
        """The last two as in `connect`."""
        self._path, self._synchronous, self._log_bytes = path, synchronous, log_bytes
        self._files = Files(path)
        self.db: sqlite3.Connection | None = None

    def open(self, *, thorough: bool = False) -> sqlite3.Connection:
        """The connection, made where there is none; `thorough` as in `look`.

        Raises `Unusable`, with the file left as it was, and `sqlite3.Error`.
        """
        if self.db is None:
            look(self._path, thorough=thorough)
            self.db = connect(self._path, self._synchronous, self._log_bytes)
            self._files.remember()
        return self.db

    @contextlib.contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """The connection. `Refused` passes as it is, all else is raised as `Unavailable`.

        `Replaced` where its file is not the one at the path. After a failure that is not a lock,
        the next call opens a new connection.
        """
        try:
            self._see_to_files()
            yield self.open()
        except Unusable as error:
            raise Unavailable("other", f"the database {error}") from None
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
            fault = error if isinstance(error, Unavailable) else translate(error)
            if fault.reason != "busy":
                self.forget()
            raise fault from None

    def forget(self) -> None:
        """Close the connection; the next call opens another. Never raises."""
        if self.db is not None:
            with contextlib.suppress(sqlite3.Error):
                self.db.close()
            self.db = None
            self._files.closed()

    def _see_to_files(self) -> None:
        if self._files.is_replaced():
            self._start_over()
            raise Replaced
        if self.db is not None and self._files.is_torn():
            self._bring_back(self.db)

    def _start_over(self) -> None:
        """Have the next call open what lies at the path, with nothing of the old file beside it.

        Closing the old connection removes nothing: SQLite sees that its file has moved.
        """
        if self.db is not None:  # a file that was moved away shall have its rows
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._files.remove_left()
        self._files.forget()

    def _bring_back(self, db: sqlite3.Connection) -> None:
        """Copy a log that was deleted into the database, through its open descriptor, and close.

        All of it, or the connection is kept: no other could find the rest.
        """
        try:
            busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error as error:
            raise Unavailable("busy", f"{_TORN} ({error})") from None
        if busy:
            raise Unavailable("busy", f"{_TORN} (a reader holds it)")
        self.forget()
