"""Deleting the parts and keys of calls of which no other report is waited for any longer.

Call inside a transaction. All raise `sqlite3.Error`.
"""

import sqlite3

from ..totals import add_totals
from .expiry import FOREVER

PART_SECONDS = 3600.0
"""A part is kept whole for so long. The spans and logs of a call come within seconds, and again
after a few minutes where an exporter could not send them; it is the same texts as the rows', so not
for longer than it must."""
KEY_MS = 2 * 3_600_000
"""Keys are kept until so long after the hour in which they came: they are asked for in the next."""
EXPIRED = "parts_expired.trace"
"""The total of those whose call never came."""


def oldest_part(db: sqlite3.Connection) -> int:
    """When the oldest part arrived, in Unix ms, or FOREVER."""
    found: int | None = db.execute("SELECT min(created_at) FROM parts").fetchone()[0]
    return FOREVER if found is None else found


def delete_parts(db: sqlite3.Connection, most: int, before_ms: int = FOREVER) -> int:
    """Delete the oldest parts; how many. Rows stay as their parts made them.

    `before_ms`: no younger ones. The total EXPIRED moves by those that waited for a row.
    """
    which = "SELECT rowid FROM parts WHERE created_at < ? ORDER BY created_at LIMIT ?"
    sql = f"DELETE FROM parts WHERE rowid IN ({which}) RETURNING trace"  # noqa: S608 our own names
    gone = db.execute(sql, (before_ms, most)).fetchall()
    waited = gone.count((None,))  # SQLite 3.40 returns 0 for `trace IS NULL` of a NULL, here
    if waited:
        add_totals(db, {EXPIRED: waited})
    return len(gone)


def oldest_key(db: sqlite3.Connection) -> int:
    """The number of the first key, or FOREVER."""
    found: int | None = db.execute("SELECT min(key) FROM call_keys").fetchone()[0]
    return FOREVER if found is None else found


def delete_keys(db: sqlite3.Connection, most: int, before: int) -> int:
    """Delete the first keys, up to the number `before`; how many.

    They stand in the order of their hours, so it is a few pages.
    """
    which = "SELECT key, trace FROM call_keys WHERE key < ? ORDER BY key, trace LIMIT ?"
    gone = db.execute(which, (before, most)).fetchall()
    if gone:
        db.execute("DELETE FROM call_keys WHERE (key, trace) <= (?, ?)", gone[-1])
    return len(gone)
