"""A whole copy of a database in one file, checked page by page and row by row."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from . import Damaged, Unusable
from .check import pragma
from .faults import page_fault
from .schema import quoted

PAGES = 1000
"""Pages from one call of the progress to the next: 16 MB."""
ENDS = ("", "-journal", "-wal", "-shm")
"""Of the names of a database and of what SQLite may put beside it."""

Progress = Callable[[int, int], None]
"""Told the bytes that are copied, and all that are to be."""


def copy(db: sqlite3.Connection, target: str, progress: Progress) -> dict[str, int]:
    """Copy all that is committed now into `target`, an empty file; its rows by table.

    `db` is in no transaction. It holds one meanwhile, which keeps nobody from writing: without,
    each commit of another connection would begin the copy anew; but no checkpoint starts the log
    over. The copy needs no log beside it, and is synced.
    Raises `Damaged` where the pages of `db` are, `sqlite3.Error` and OSError.
    """
    db.execute("BEGIN")
    try:
        rows = count_rows(db)  # this begins the snapshot
        size = pragma(db, "page_size")
        with closing(sqlite3.connect(target, isolation_level=None)) as new:
            new.execute("PRAGMA journal_mode = OFF")  # worth nothing before it is whole
            new.execute("PRAGMA synchronous = OFF")
            db.backup(
                new,
                pages=PAGES,
                sleep=0,
                progress=lambda _, left, all: progress((all - left) * size, all * size),
            )
    finally:
        db.execute("ROLLBACK")
    _check(target, rows)
    sync(target)
    return rows


def count_rows(db: sqlite3.Connection) -> dict[str, int]:
    """The number of rows by table. Raises `sqlite3.Error`."""
    found = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
        "ESCAPE '\\' ORDER BY name"
    ).fetchall()
    return {name: _count(db, name) for (name,) in found}


def check_room(db: sqlite3.Connection, directory: str) -> None:
    """Raises `Unusable` where a copy of `db` has no room, OSError and `sqlite3.Error`."""
    needs = pragma(db, "page_count") * pragma(db, "page_size")
    space = os.statvfs(directory)
    free = space.f_bavail * space.f_frsize
    if needs > free:
        raise Unusable(
            f"cannot be copied: that needs {needs / 1e6:.1f} MB in {directory}, "
            f"where {free / 1e6:.1f} MB are free"
        )


def sync(path: str | Path) -> None:
    """Return when a file, or the names in a directory, would survive a power failure.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Remove a copy and what lies beside it, where it is there. Never raises."""
    for end in ENDS:
        with contextlib.suppress(OSError):
            os.unlink(path + end)


def _check(target: str, rows: dict[str, int]) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as new:
        # so that it can be read where nothing may be written; the service turns it back
        mode = new.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        if mode != "delete":
            raise Unusable(f"cannot be copied: the copy keeps a log (journal mode {mode})")
        if fault := page_fault(new):
            raise Damaged(f"is damaged: {fault}")
        if count_rows(new) != rows:
            raise Damaged("is damaged: its copy has other numbers of rows")


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])  # noqa: S608 quoted
