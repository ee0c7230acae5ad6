"""Rows into their tables: fifty a statement, and of their columns those that are filled."""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import cast

from ..events import COLUMNS, UTF8, Event, Trace
from .call_numbers import first_numbers
from .schema import TABLES

ROWS_A_STATEMENT = 50
"""Rows in one INSERT: the interpreter is left alone for the length of a statement, so that the
writer's thread keeps up beside a busy event loop: three times the rows of executemany."""


def insert(db: sqlite3.Connection, rows: Sequence[Event]) -> int:
    """How many of `rows`, all of one table, were added: not those whose event_id is there.

    Call inside a transaction. Raises `sqlite3.Error`, and what binding a bad value raises.
    """
    parts = (rows[i : i + ROWS_A_STATEMENT] for i in range(0, len(rows), ROWS_A_STATEMENT))
    return sum(_insert(db, part) for part in parts)


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
