"""Stored rows, read back: newest first, filtered, a page at a time. Blocking, for any thread."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from .. import events
from . import Unusable
from .schema import TABLES

_MADE = {"trace": ("counted", "has_usage"), "error": ()}
"""Columns that no Event has."""
COLUMNS = {kind: ("id", *columns, *_MADE[kind]) for kind, columns in events.COLUMNS.items()}
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


IS_CALL = f"operation IS NOT '{events.TURN_USAGE}'"
NO_USAGE = f"NOT has_usage AND status = 'ok' AND {IS_CALL}"
"""Of calls: nobody said how many tokens they took, though they succeeded."""


def conditions(
    kind: str,
    filters: Mapping[str, str],
    since_ms: int | None,
    until_ms: int | None,
    *,
    uncounted: bool = False,
) -> tuple[list[str], list[Any]]:
    """Of rows, and the values in them; the arguments are as in `find`."""
    found, values = [f"{name} = ?" for name in filters], list[Any](filters.values())
    for condition, ms in (("created_at >= ?", since_ms), ("created_at < ?", until_ms)):
        if ms is not None:
            found.append(condition)
            values.append(ms)
    if kind == "trace" and not uncounted:
        found.append("counted")
    return found, values


def find(
    db: sqlite3.Connection,
    kind: str,
    columns: tuple[str, ...],
    filters: Mapping[str, str],
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
    before_id: int | None = None,
    uncounted: bool = False,
    no_usage: bool = False,
    limit: int = 20,
) -> list[dict[str, Any]]:
    """At most `limit` rows of a kind, newest first, as dicts of `columns`.

    `since_ms` (included) and `until_ms` (left out) are Unix ms of arrival; `before_id` continues
    after the row of that id, which the page before ended with. Traces that only add up others are
    left out unless `uncounted`; `no_usage`: only traces of NO_USAGE. Raises `sqlite3.Error`.
    """
    table = TABLES[kind]
    found, values = conditions(kind, filters, since_ms, until_ms, uncounted=uncounted)
    if no_usage:
        found.append(NO_USAGE)
    if before_id is not None:
        found.append(f"(created_at, id) < (SELECT created_at, id FROM {table} WHERE id = ?)")  # noqa: S608 our own name
        values.append(before_id)
    where = f"WHERE {' AND '.join(found)}" if found else ""
    order = "ORDER BY created_at DESC, id DESC LIMIT ?"
    sql = f"SELECT {', '.join(columns)} FROM {table} {where} {order}"  # noqa: S608 our own names
    return [dict(zip(columns, row, strict=True)) for row in db.execute(sql, (*values, limit))]
