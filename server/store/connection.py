"""Opening the database file for writing, at the newest version of its schema."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from . import Unusable
from .check import PATIENCE_SECONDS, pragma
from .migrate import migrate
from .schema import VERSION
from .upgrade import upgrade

BUSY_SECONDS = 0.25
"""Longest wait for another process's lock; the pipeline tries again, so it need not be long."""
PAGE_BYTES = 2**14
"""Of a new file: rows of 2 KB share a page, which makes three times the rows a second of 4 KiB."""
CACHE_KIB = 8000
"""Pages in memory: a batch of 500 changes more of them than the 2 MB that SQLite keeps by itself,
which makes a row dearer by an eighth in a database of 200,000."""
MODE = 0o640
"""Of a new file, less the umask: it holds texts, and is read by whom its owner puts in its group.
SQLite gives log and index the mode of the file."""


def connect(path: str, synchronous: str, log_bytes: int) -> sqlite3.Connection:
    """The writing connection, on a file upgraded to VERSION; a new file where there is none.

    `check.look` says whether the file is one to write to. The connection is for the calling thread
    only, and never checkpoints by itself. `synchronous`: NORMAL syncs the log at checkpoints, FULL
    at each commit as well. A log that starts over, after a reader let it grow beyond, is
    cut to `log_bytes`. Raises `Unusable`, and `sqlite3.Error` for failures that may pass.
    """
    with suppress(OSError):  # what keeps us from making it is said below
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        os.close(os.open(os.path.realpath(path), flags, MODE))
    try:
        db = sqlite3.connect(
            os.path.abspath(path), timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256
        )
    except sqlite3.OperationalError:
        raise Unusable(
            "cannot be opened; does its directory exist and may we write there?"
        ) from None
    try:
        _set_up(db)
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute(f"PRAGMA cache_size = {-CACHE_KIB}")
        db.execute(f"PRAGMA journal_size_limit = {log_bytes}")
        # what is deleted is overwritten, where its page is written anyway
        db.execute("PRAGMA secure_delete = FAST")
        _bring_up(db, path)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def open_beside(path: str) -> Iterator[sqlite3.Connection]:
    """A connection that writes beside a running service, and leaves the checkpoints to it.

    Waits up to PATIENCE_SECONDS for a lock. Raises `Unusable` where the file is not there or
    cannot be written; `check_newest` tells the rest.
    """
    if not os.path.isfile(path):
        raise Unusable("does not exist, or is out of reach")
    uri = f"{Path(path).absolute().as_uri()}?mode=rw"
    try:
        with closing(
            sqlite3.connect(uri, uri=True, timeout=PATIENCE_SECONDS, isolation_level=None)
        ) as db:
            db.execute("PRAGMA synchronous = NORMAL")  # no commit waits for the disk
            db.execute("PRAGMA wal_autocheckpoint = 0")
            yield db
    except sqlite3.Error as error:
        raise Unusable(f"cannot be written ({error})") from None


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE to COMMIT; all is rolled back if anything raises, COMMIT included."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _set_up(db: sqlite3.Connection) -> None:
    """A file that has a write-ahead log already is only read, so a lock is no hurdle."""
    # what a statement may have to take back is pages with texts: none go to /tmp, full or not
    db.execute("PRAGMA temp_store = MEMORY")
    if pragma(db, "user_version") == 0:  # both only take effect on a new file
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
    if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise Unusable(f"can have no write-ahead log on this filesystem (journal mode {mode})")
    db.execute("PRAGMA wal_autocheckpoint = 0")  # checkpoint.py does it


def _bring_up(db: sqlite3.Connection, path: str) -> None:
    """Bring the file to VERSION. One that is there already is only read."""
    version = pragma(db, "user_version")
    if version == 0:
        with transaction(db):
            migrate(db)
    elif version < VERSION:
        upgrade(db, path)
