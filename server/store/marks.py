"""What a transaction leaves in `totals` of itself: the journal's position, and a token.

`stamp` is for the inside of a transaction. All raise `sqlite3.Error`.
"""

import random
import sqlite3

from . import Mark

_PREFIX = "journal."
_MARK = """
    INSERT INTO totals (name, value) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)
"""
_TOKEN = "INSERT OR REPLACE INTO totals (name, value) VALUES ('last_batch', ?)"  # noqa: S105 no secret


def stamp(db: sqlite3.Connection, token: int, mark: Mark | None, former: Mark | None) -> None:
    """Put `token`, and raise the number of the mark's journal, which is never lowered.

    The other journals are deleted, where `former`, the mark of an earlier commit, is not one of the
    same: their records are settled, or gone.
    """
    db.execute(_TOKEN, (token,))
    if mark is None:
        return
    ours = _PREFIX + mark.journal
    db.execute(_MARK, (ours, mark.number))
    if former is None or former.journal != mark.journal:
        db.execute("DELETE FROM totals WHERE name GLOB ? AND name <> ?", (f"{_PREFIX}*", ours))


def get_marks(db: sqlite3.Connection) -> dict[str, int]:
    """The number by journal id."""
    rows = db.execute("SELECT name, value FROM totals WHERE name GLOB ?", (f"{_PREFIX}*",))
    return {name.removeprefix(_PREFIX): value for name, value in rows}


def new_token() -> int:
    """A number that tells one transaction from all others."""
    return random.getrandbits(62)


def get_token(db: sqlite3.Connection) -> int | None:
    """The token of the last one committed; None in a file without any."""
    row = db.execute("SELECT value FROM totals WHERE name = 'last_batch'").fetchone()
    return row[0] if row else None
