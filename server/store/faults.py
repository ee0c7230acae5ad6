"""What a failure of sqlite3 means: try again, or find the event that causes it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ..events import COLUMNS, MAX_MESSAGE
from . import Refused, Unavailable
from .schema import TABLES

_THE_EVENTS_OWN = (  # a constraint, a value too large or of no SQLite type; not the file's state
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeError,
    TypeError,
    ValueError,
)
_REASONS = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_IOERR: "io_error",
    sqlite3.SQLITE_CANTOPEN: "io_error",
    sqlite3.SQLITE_READONLY: "io_error",
}
_COLUMNS = {
    **{TABLES[kind]: columns for kind, columns in COLUMNS.items()},
    "totals": ("name", "value"),
    "dead_letters": ("id", "created_at", "kind", "reason", "event"),
    "call_keys": ("key", "trace"),
    "merged_events": ("event_id", "trace"),
    "parts": ("event_id", "trace", "waits_for", "created_at", "event"),
    "cost_series": ("series", "payer", "started_at", "until", "value", "seen_at"),
    "cost_awaited": ("id", "payer", "at", "event_id"),
}


@contextmanager
def refusing(db: sqlite3.Connection) -> Iterator[None]:
    """Around the INSERT of an event: a failure that is the event's own is raised as `Refused`.

    All other failures pass through as they are.
    """
    try:
        yield
    except Exception as error:
        is_own = not isinstance(error, sqlite3.Error) or isinstance(error, _THE_EVENTS_OWN)
        if is_own or (_is_generic(error) and not schema_fault(db)):
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            raise Refused(name, str(error)[:MAX_MESSAGE]) from None
        raise


def translate(error: Exception) -> Unavailable:
    """The store's word for a passing failure. Messages name tables and columns, never values."""
    code = getattr(error, "sqlite_errorcode", None)
    reason = _REASONS.get(code & 0xFF, "other") if code is not None else "other"
    said = str(error) if isinstance(error, sqlite3.Error) else ""
    return Unavailable(reason, said or type(error).__name__)


def is_damage(error: Exception) -> bool:
    """Whether SQLite found what no database has."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def schema_fault(db: sqlite3.Connection) -> str | None:
    """Which of our tables or columns is missing, or None."""
    try:
        for table, columns in _COLUMNS.items():
            db.execute(f"SELECT {', '.join(columns)} FROM {table} LIMIT 0")  # noqa: S608 our names
    except sqlite3.Error as error:
        return str(error)
    return None


def page_fault(db: sqlite3.Connection, *, thorough: bool = False) -> str | None:
    """The first of what is wrong with the pages of a file, on one line, or None.

    `thorough`: the indexes are compared with their tables too. Raises `sqlite3.Error`.
    """
    name = "integrity_check" if thorough else "quick_check"
    found = str(db.execute(f"PRAGMA {name}(1)").fetchone()[0])
    return None if found == "ok" else " ".join(found.split())


def _is_generic(error: Exception) -> bool:
    """Not of a kind of its own: the statement or the event; which, the schema tells.

    Without a code it is not SQLite's: a row that an event belongs to holds what is no text.
    """
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR
