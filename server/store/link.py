"""The store's one connection: opened, and opened anew after a failure."""

import contextlib
import sqlite3
from collections.abc import Iterator

from . import Refused, Unavailable, Unusable
from .check import look
from .connection import connect
from .faults import translate


class Link:
    """At most one open connection to the file at `path`. For one thread."""

    def __init__(self, path: str, synchronous: str) -> None:
        self._path, self._synchronous = path, synchronous
        self.db: sqlite3.Connection | None = None

    def open(self, *, thorough: bool = False) -> sqlite3.Connection:
        """The connection, made where there is none; `thorough` as in `look`.

        Raises `Unusable`, with the file left as it was, and `sqlite3.Error`.
        """
        if self.db is None:
            look(self._path, thorough=thorough)
            self.db = connect(self._path, self._synchronous)
        return self.db

    @contextlib.contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """The connection. `Refused` passes as it is, all else is raised as `Unavailable`.

        After a failure that is not a lock, the next call opens a new connection.
        """
        try:
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
