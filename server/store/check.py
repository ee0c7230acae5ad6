"""Looking at a database file before it is opened for writing: is it ours, and is it whole."""

import logging
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from . import Damaged, Unusable
from .faults import is_damage, page_fault, schema_fault
from .schema import APPLICATION_ID, VERSION

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
"""Longest wait for another process that is recovering the file."""
LARGE = 100 * 2**20
"""Bytes from which a check of all pages is announced, since it takes a while."""

_SHUT = "cannot be opened; may we read and write it, and its directory?"


def look(path: str, *, thorough: bool) -> None:
    """Raises `Unusable` for a file that we cannot use, which is not touched, nor its log.

    `thorough`: all pages are checked where there is a log, which a clean stop would not have left.
    No file, or an empty one, will become a new database.
    """
    size = _size(path)
    log = os.path.realpath(path) + "-wal"
    unclean = _size(log) > 0
    _check_access(path, log, f"{os.path.realpath(path)}-shm")
    if size == 0 and unclean and os.path.exists(path):
        raise Damaged("is empty, and the write-ahead log beside it is not")
    if size == 0:
        return
    # without a log there is nothing to read but the file: no lock, and no log and index made
    mode = "mode=ro" if unclean else "mode=ro&immutable=1"
    uri = f"{Path(path).absolute().as_uri()}?{mode}"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE_SECONDS)) as db:
            _check(db)
            if unclean and thorough:
                _check_pages(db, size)
    except sqlite3.Error as error:
        raise unusable(error) from None


def check_newest(db: sqlite3.Connection) -> None:
    """Raises `Unusable` where the file is not ours, or not at VERSION, and `sqlite3.Error`."""
    version = check_ours(db)
    if version < VERSION:
        raise Unusable(
            f"has schema version {version}; start the service on it to bring it to {VERSION}"
        )


def unusable(error: sqlite3.Error) -> Unusable:
    """What a failure to open a file means."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if is_damage(error):
        return Damaged(f"is damaged, or no SQLite database ({error})")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return Unusable(_SHUT)
    if code == sqlite3.SQLITE_BUSY:
        return Unusable(f"is locked, or being recovered, by another process ({error})")
    return Unusable(f"cannot be used ({error})")


def _check(db: sqlite3.Connection) -> None:
    version = check_ours(db)
    fault = schema_fault(db) if version == VERSION else None  # an older one will be migrated
    if fault:
        raise Damaged(f"is damaged: {fault}")


def check_ours(db: sqlite3.Connection) -> int:
    """Its schema version, 0 for a new file. Raises `Unusable` and `sqlite3.Error`."""
    version = pragma(db, "user_version")
    try:
        used = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] or version
    except UnicodeDecodeError:  # SQLite's message quotes the schema
        raise Damaged("is damaged: its schema is no text") from None
    if used and pragma(db, "application_id") != APPLICATION_ID:
        raise Unusable("is a database of another program")
    if version > VERSION:
        raise Unusable(
            f"has schema version {version}, from a newer tokenweir; this one knows {VERSION}"
        )
    return version


def _check_pages(db: sqlite3.Connection, size: int) -> None:
    if size >= LARGE:
        logger.info("the last stop was no clean one: checking %d MB", size // 2**20)
    if fault := page_fault(db):
        raise Damaged(f"is damaged: {fault}")


def _check_access(*paths: str) -> None:
    for path in paths:
        if os.path.exists(path) and not os.access(path, os.R_OK | os.W_OK):
            raise Unusable(_SHUT)


def _size(path: str) -> int:
    """Bytes; 0 where there is no file. Raises `Unusable` for what is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise Unusable(f"is out of reach ({error.strerror})") from None
    if not stat.S_ISREG(found.st_mode):
        raise Unusable("is a directory" if stat.S_ISDIR(found.st_mode) else "is no regular file")
    return found.st_size


def pragma(db: sqlite3.Connection, name: str) -> int:
    """The value of a PRAGMA that is a number. Raises `sqlite3.Error`."""
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
