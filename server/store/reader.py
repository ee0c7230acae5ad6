"""Stored rows, read back: newest first, filtered, a page at a time. Blocking, for any thread."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..events import Error, Trace
from . import Unusable
from .schema import TABLES

COLUMNS = {"trace": ("id", *Trace._fields), "error": ("id", *Error._fields)}
FILTERS = ("provider", "model", "status", "session_id", "trace_id", "error_type", "severity")
"""Columns that `find` compares for equality, where the table has them."""


@contextmanager
def open_readonly(path: str) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write. Raises `Unusable` where there is nothing to read."""
    if os.path.isdir(path):
        raise Unusable("is a directory")
    if not os.path.isfile(path):
        raise Unusable("does not exist, or is out of reach")
    if os.path.getsize(path) == 0:  # SQLite would remove the log beside it
        raise Unusable("is empty")
    uri = f"{Path(path).absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as db:
            yield db
    except (sqlite3.Error, UnicodeDecodeError) as error:  # as a damaged schema is quoted
        raise Unusable(f"cannot be read ({error})") from None


def find(
    db: sqlite3.Connection,
    kind: str,
    columns: tuple[str, ...],
    filters: Mapping[str, str],
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
    before_id: int | None = None,
    limit: int = 20,
) -> list[dict[str, Any]]:
    """At most `limit` rows of a kind, newest first, as dicts of `columns`.

    `since_ms` (included) and `until_ms` (left out) are Unix ms of arrival; `before_id` continues
    after the row of that id, which the page before ended with. Raises `sqlite3.Error`.
    """
    table = TABLES[kind]
    conditions = [f"{name} = ?" for name in filters]
    values: list[Any] = list(filters.values())
    for condition, value in (
        ("created_at >= ?", since_ms),
        ("created_at < ?", until_ms),
        (f"(created_at, id) < (SELECT created_at, id FROM {table} WHERE id = ?)", before_id),  # noqa: S608 our own name
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "ORDER BY created_at DESC, id DESC LIMIT ?"
    sql = f"SELECT {', '.join(columns)} FROM {table} {where} {order}"  # noqa: S608 our own names
    return [dict(zip(columns, row, strict=True)) for row in db.execute(sql, (*values, limit))]
