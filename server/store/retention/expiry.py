"""Deleting what is oldest. Call inside a transaction.

All raise `sqlite3.Error`. None looks at more rows than it is told to.
"""

import sqlite3
from collections import Counter

from ..schema import TABLES
from ..totals import add_totals


def oldest_rows(db: sqlite3.Connection) -> dict[str, int]:
    """When the oldest row of each kind arrived, in Unix ms; kinds without any are left out."""
    sql = "SELECT min(created_at) FROM {}"  # the first entry of an index
    found = {kind: db.execute(sql.format(TABLES[kind])).fetchone()[0] for kind in TABLES}
    return {kind: arrived for kind, arrived in found.items() if arrived is not None}


def delete_rows(db: sqlite3.Connection, most: int, before_ms: int | None = None) -> int:
    """Delete the oldest rows of all kinds, in their order; how many.

    `before_ms`: no younger ones. The totals `deleted.<kind>` move. At most `most` of a kind.
    """
    last = _newest_of_oldest(db, most)
    if last is None:
        return 0
    last = last if before_ms is None else min(last, before_ms - 1)
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
    sql = f"DELETE FROM {table} WHERE id IN ({which})"  # noqa: S608 our own names
    return db.execute(sql, (last_ms, most)).rowcount


def oldest_letter(db: sqlite3.Connection) -> int | None:
    """When the dead letter that comes first was set aside, in Unix ms."""
    row = db.execute("SELECT created_at FROM dead_letters ORDER BY id LIMIT 1").fetchone()
    return row[0] if row else None


def delete_letters(db: sqlite3.Connection, most: int, before_ms: int | None = None) -> int:
    """Delete the first dead letters, up to one that is not older than `before_ms`; how many.

    The totals `dead_letters_expired.<kind>` move.
    """
    kinds: Counter[str] = Counter()
    last = None
    sql = "SELECT id, created_at, kind FROM dead_letters ORDER BY id LIMIT ?"
    for number, arrived, kind in db.execute(sql, (most,)):
        if before_ms is not None and arrived >= before_ms:
            break
        last = number
        kinds[kind] += 1
    db.execute("DELETE FROM dead_letters WHERE id <= ?", (last,))
    add_totals(db, {f"dead_letters_expired.{kind}": count for kind, count in kinds.items()})
    return kinds.total()
