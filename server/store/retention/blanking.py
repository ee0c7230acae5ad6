"""Taking the texts from rows that stay. Call inside a transaction; all raise `sqlite3.Error`."""

import sqlite3
from collections.abc import Mapping

from ..schema import TABLES, quoted

EXPIRED = "[expired]"
"""Stands for the message of an error, which cannot be NULL."""
_BLANK: dict[str, dict[str, str | None]] = {
    "trace": {"input_text": None, "output_text": None},
    "error": {"message": EXPIRED, "stack_trace": None},
}

Place = tuple[int, int]
"""Of a row in the order of arrival: its created_at and id."""
START: Place = (-(2**63), -(2**63))


def is_more(db: sqlite3.Connection, kind: str, after: Place, before_ms: int) -> bool:
    """Whether `blank_texts` would find a row to look at."""
    return db.execute(f"{_after(kind)} LIMIT 1", (*after, before_ms)).fetchone() is not None


def blank_texts(
    db: sqlite3.Connection, kind: str, after: Place, before_ms: int, most: int
) -> tuple[int, Place]:
    """Take the texts from the next rows in the order of arrival; how many had any, and the last.

    No rows but those that arrived before `before_ms`.
    """
    found = db.execute(f"{_after(kind)} LIMIT ?", (*after, before_ms, most))
    last: Place = ([after, *found])[-1]
    take = _take_in_place if _has_triggers(db, TABLES[kind]) else _take_out
    return take(db, kind, after, last), last


def _take_out(db: sqlite3.Connection, kind: str, after: Place, last: Place) -> int:
    """By deleting the rows and putting them in again: three times the work of an UPDATE, but a row
    that becomes smaller in its place leaves no page free, and these are a tenth of what they were.
    """
    table, blank = TABLES[kind], _BLANK[kind]
    names = _others(db, table, blank)
    columns = ", ".join(names)
    rows = db.execute(
        f"DELETE FROM {table} WHERE {_with_text(kind)} RETURNING {columns}",  # noqa: S608 our own names
        (*after, *last, *blank.values()),
    ).fetchall()
    marks = ", ".join("?" * (len(names) + len(blank)))
    sql = f"INSERT INTO {table} ({columns}, {', '.join(blank)}) VALUES ({marks})"  # noqa: S608 our own names
    db.executemany(sql, [(*row, *blank.values()) for row in rows])
    return len(rows)


def _take_in_place(db: sqlite3.Connection, kind: str, after: Place, last: Place) -> int:
    """Of a table with triggers that somebody added: to them it is no new row."""
    blank = _BLANK[kind]
    to = ", ".join(f"{name} = ?" for name in blank)
    sql = f"UPDATE {TABLES[kind]} SET {to} WHERE {_with_text(kind)}"  # noqa: S608 our own names
    return db.execute(sql, (*blank.values(), *after, *last, *blank.values())).rowcount


def _with_text(kind: str) -> str:
    """Takes two places, the second included, and the values that stand for texts that are gone."""
    has_text = " OR ".join(f"{name} IS NOT ?" for name in _BLANK[kind])
    return f"(created_at, id) > (?, ?) AND (created_at, id) <= (?, ?) AND ({has_text})"


def _others(db: sqlite3.Connection, table: str, blank: Mapping[str, object]) -> list[str]:
    """All columns but those, quoted: what somebody added is to stay as it is, too."""
    found = db.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return [quoted(name) for (name,) in found if name not in blank]


def _has_triggers(db: sqlite3.Connection, table: str) -> bool:
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE ? LIMIT 1"
    return db.execute(sql, (table,)).fetchone() is not None


def _after(kind: str) -> str:
    where = "(created_at, id) > (?, ?) AND created_at < ? ORDER BY created_at, id"
    return f"SELECT created_at, id FROM {TABLES[kind]} WHERE {where}"  # noqa: S608 our own names
