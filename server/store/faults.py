"""What a failure of sqlite3 means: try again, or find the event that causes it."""

import sqlite3

from . import Refused, Unavailable

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


def translate(error: Exception) -> Unavailable | Refused:
    """The store's word for `error`. Messages of sqlite3 name tables and columns, never values."""
    if isinstance(error, _THE_EVENTS_OWN):
        return Refused(type(error).__name__)
    code = getattr(error, "sqlite_errorcode", None)
    reason = _REASONS.get(code & 0xFF, "other") if code is not None else "other"
    return Unavailable(reason, str(error) or type(error).__name__)
