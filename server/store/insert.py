"""Rows into their tables: fifty a statement, and of their columns those that are filled."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TypeVar, cast

from ..events import COLUMNS, UTF8, Error, Event, Trace
from .call_numbers import first_numbers
from .schema import TABLES

Row = TypeVar("Row", Trace, Error)

ROWS_A_STATEMENT = 50
"""Rows in one INSERT: the interpreter is left alone for the length of a statement, so that the
writer's thread keeps up beside a busy event loop: three times the rows of executemany."""


def insert(db: sqlite3.Connection, rows: Sequence[Event]) -> int:
    """How many of `rows`, all of one table, were added: not those whose event_id is there.

    Call inside a transaction. Raises `sqlite3.Error`, and what binding a bad value raises.
    """
    parts = (rows[i : i + ROWS_A_STATEMENT] for i in range(0, len(rows), ROWS_A_STATEMENT))
    return sum(_insert(db, part) for part in parts)


def next_id(db: sqlite3.Connection, kind: str) -> int:
    """The id that the next row of a kind will have. Raises `sqlite3.Error`."""
    last: int | None = db.execute(f"SELECT max(id) FROM {TABLES[kind]}").fetchone()[0]  # noqa: S608 our own names
    return (last or 0) + 1


def insert_new(db: sqlite3.Connection, rows: Sequence[Row], first: int) -> Mapping[int, Row]:
    """Those of `rows` that were added, by the id of their row, from `first`, the next id, on.

    Else as `insert`.
    """
    if not rows:
        return {}
    table = TABLES[rows[0].kind]
    if insert(db, rows) == len(rows):
        return dict(enumerate(rows, first))
    by_id = {row.event_id: row for row in reversed(rows)}
    found = db.execute(f"SELECT id, event_id FROM {table} WHERE id >= ?", (first,))  # noqa: S608 our own names
    return {row: by_id[event_id] for row, event_id in found}


def _insert(db: sqlite3.Connection, rows: Sequence[Event]) -> int:
    """A NULL costs four times what another value does to bind, so columns of NULLs are left out."""
    *columns, keys = zip(*rows, strict=True)
    names = COLUMNS[rows[0].kind]
    if any(keys) and rows[0].kind == "trace":
        columns.append(tuple(first_numbers(cast(Sequence[Trace], rows))))
        names = (*names, "call_key")
    filled = tuple(i for i, column in enumerate(columns) if _is_filled(column))
    values = chain.from_iterable(zip(*(columns[i] for i in filled), strict=True))
    statement = _statement(TABLES[rows[0].kind], tuple(names[i] for i in filled), len(rows))
    return db.execute(statement, list(values)).rowcount


def _is_filled(column: tuple[object, ...]) -> bool:
    return any(column) or column.count(None) < len(column)


@lru_cache(maxsize=128)
def _statement(table: str, names: tuple[str, ...], rows: int) -> str:
    marks = ", ".join("CAST(? AS TEXT)" if name in UTF8 else "?" for name in names)
    into = f"{table} ({', '.join(names)})"
    values = ", ".join([f"({marks})"] * rows)
    return f"INSERT INTO {into} VALUES {values} ON CONFLICT (event_id) DO NOTHING"  # noqa: S608 our own names
