"""The steps that make an older schema the newest one."""

import sqlite3

from .check import pragma
from .schema import APPLICATION_ID, MIGRATIONS


def migrate(db: sqlite3.Connection, version: int | None = None) -> None:
    """Bring the file to `version`, or the last of MIGRATIONS; a new one too.

    Call inside a transaction. Raises `sqlite3.Error`.
    """
    for number in range(pragma(db, "user_version"), version or len(MIGRATIONS)):
        for statement in MIGRATIONS[number]:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {number + 1}")
