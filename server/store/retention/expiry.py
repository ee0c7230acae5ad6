"""Deleting what is oldest. Call inside a transaction.

All raise `sqlite3.Error`. None looks at more rows than it is told to.
"""

import sqlite3
from collections import Counter

from ..schema import TABLES
from ..totals import add_totals

FOREVER = 2**63 - 1
"""Later than all that is stored."""
_BELONGINGS = {TABLES["trace"]: ("merged_events", "parts")}
"""What a row takes along, by its `trace`. No foreign key does it: rows that lose their texts are
deleted and put in again."""
FIRST_LETTERS = 1000
"""By id, to find the oldest among: one set aside while the clock was ahead is not to hold back the
rest. There are rarely more, and with the longest texts it takes 2 ms."""
_FIRST_LETTERS = f"SELECT id, created_at FROM dead_letters ORDER BY id LIMIT {FIRST_LETTERS}"  # noqa: S608 our own names


def oldest_rows(db: sqlite3.Connection) -> dict[str, int]:
    """When the oldest row of each kind arrived, in Unix ms; kinds without any are left out."""
    sql = "SELECT min(created_at) FROM {}"  # the first entry of an index
    found = {kind: db.execute(sql.format(TABLES[kind])).fetchone()[0] for kind in TABLES}
    return {kind: arrived for kind, arrived in found.items() if arrived is not None}


def delete_rows(db: sqlite3.Connection, most: int, before_ms: int = FOREVER) -> int:
    """Delete the oldest rows of all kinds, in their order; how many.

    `before_ms`: no younger ones. The totals `deleted.<kind>` move. At most `most` of a kind.
    """
    last = _newest_of_oldest(db, most)
    if last is None:
        return 0
    last = min(last, before_ms - 1)
    counts = {kind: _delete(db, table, last, most) for kind, table in TABLES.items()}
    add_totals(db, {f"deleted.{kind}": count for kind, count in counts.items() if count})
    return sum(counts.values())


def _newest_of_oldest(db: sqlite3.Connection, count: int) -> int | None:
    """When the last of the `count` oldest rows over all kinds arrived."""
    each = [
        f"SELECT * FROM (SELECT created_at FROM {table} ORDER BY created_at LIMIT :count)"  # noqa: S608 our own names
        for table in TABLES.values()
    ]
    both = f"{' UNION ALL '.join(each)} ORDER BY 1 LIMIT :count"
    sql = f"SELECT max(created_at) FROM ({both})"  # noqa: S608 our own names
    found: int | None = db.execute(sql, {"count": count}).fetchone()[0]
    return found


def _delete(db: sqlite3.Connection, table: str, last_ms: int, most: int) -> int:
    which = f"SELECT id FROM {table} WHERE created_at <= ? ORDER BY created_at, id LIMIT ?"  # noqa: S608 our own names
    for belonging in _BELONGINGS.get(table, ()):
        db.execute(f"DELETE FROM {belonging} WHERE trace IN ({which})", (last_ms, most))  # noqa: S608 our own names
    sql = f"DELETE FROM {table} WHERE id IN ({which})"  # noqa: S608 our own names
    return db.execute(sql, (last_ms, most)).rowcount


def oldest_letter(db: sqlite3.Connection) -> int:
    """When the oldest dead letter, of the FIRST_LETTERS, was set aside, in Unix ms, or FOREVER."""
    sql = f"SELECT min(created_at) FROM ({_FIRST_LETTERS})"  # noqa: S608 our own names
    found: int | None = db.execute(sql).fetchone()[0]
    return FOREVER if found is None else found


def delete_letters(db: sqlite3.Connection, most: int, before_ms: int = FOREVER) -> int:
    """Delete the oldest dead letters, of the FIRST_LETTERS; how many.

    `before_ms`: no younger ones. The totals `dead_letters_expired.<kind>` move.
    """
    which = (
        f"SELECT id FROM ({_FIRST_LETTERS}) WHERE created_at < ? ORDER BY created_at, id LIMIT ?"  # noqa: S608 our own names
    )
    sql = f"DELETE FROM dead_letters WHERE id IN ({which}) RETURNING kind"  # noqa: S608 our own names
    kinds = Counter(kind for (kind,) in db.execute(sql, (before_ms, most)))
    add_totals(db, {f"dead_letters_expired.{kind}": count for kind, count in kinds.items()})
    return kinds.total()
