"""A backup: a copy of the database beside where it is to lie, and then its name."""

import os
import sqlite3
import tempfile
from pathlib import Path

from . import Damaged, Unusable
from .check import check_ours
from .copying import Progress, check_room, copy, remove, sync
from .faults import is_damage
from .reader import open_readonly


def backup(path: str, target: str, progress: Progress) -> dict[str, int]:
    """Copy the database at `path`, in use or not, to `target`; its rows by table.

    What is at `target` is replaced in one step, by a whole copy only.
    Raises `Unusable` for the database, `sqlite3.Error` and OSError for the copy.
    """
    with open_readonly(path) as db:
        if not check_ours(db):
            raise Unusable("holds no tables")
        directory = os.path.dirname(target)
        check_room(db, directory)
        handle, temporary = tempfile.mkstemp(".tmp", f"{os.path.basename(target)}.", directory)
        os.close(handle)
        try:
            rows = _copy(db, temporary, progress)
            os.replace(temporary, target)
            sync(Path(directory))
        except BaseException:
            remove(temporary)
            raise
    return rows


def _copy(db: sqlite3.Connection, temporary: str, progress: Progress) -> dict[str, int]:
    """A failure of the copy is raised as OSError: `open_readonly` takes all others for its own."""
    try:
        return copy(db, temporary, progress)
    except sqlite3.Error as error:
        if is_damage(error):
            raise Damaged(f"is damaged ({error})") from None
        raise OSError(str(error)) from None
