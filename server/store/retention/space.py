"""The pages of the database file: how many are in use, and giving back those that are not."""

import sqlite3
from typing import NamedTuple

from ..check import pragma
from .limits import Limits

SLACK_BYTES = 4 * 2**20
"""Of free pages, beside a tenth of the file, that are kept for rows to come."""
_INCREMENTAL = 2


class Space(NamedTuple):
    """Bytes of the file as the last commit left it, and of its pages in use."""

    file: int
    used: int


def look(db: sqlite3.Connection) -> Space:
    """Raises `sqlite3.Error`."""
    page, pages = pragma(db, "page_size"), pragma(db, "page_count")
    return Space(page * pages, page * (pages - pragma(db, "freelist_count")))


def is_spare(space: Space, limits: Limits) -> bool:
    """Whether some of what is free is to be given back.

    Near the limit not all of it: the next batches would have the file grow again.
    """
    free, most = space.file - space.used, limits.used_bytes + limits.room_bytes
    if free and most and space.file > most:
        return True
    is_near = space.used > limits.used_bytes / 2
    return free > space.file / 10 + max(SLACK_BYTES, limits.room_bytes if is_near else 0)


def can_give_back(db: sqlite3.Connection) -> bool:
    """Not a file that somebody else made, or vacuumed with another setting."""
    return pragma(db, "auto_vacuum") == _INCREMENTAL


def give_back(db: sqlite3.Connection, pages: int) -> int:
    """Free so many of the last pages of the file; the next checkpoint makes it shorter.

    Call inside a transaction. Raises `sqlite3.Error`.
    """
    for _ in range(pages):  # sqlite3 stops after a first step of it, and each step frees one
        db.execute("PRAGMA incremental_vacuum(1)")
    return pages
