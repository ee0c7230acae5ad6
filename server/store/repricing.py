"""Costs for calls that were stored without one. Blocking, beside a running service."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple, cast

from ..events import COLUMNS, Trace
from . import Price
from .connection import transaction
from .read_back import from_row
from .retention.blanking import START, Place
from .retention.pace import Pace
from .unpriced import DUE

_LOOK = 1000
"""Most rows of a slice. No lock is held while they are looked at."""
_WRITE = 200
"""Most rows of a transaction; the pace keeps it under 50 ms."""

_TEXTS = ("input_text", "output_text")
_READ = ", ".join(f"NULL AS {name}" if name in _TEXTS else name for name in COLUMNS["trace"])
_PLACES = """
    SELECT created_at, id FROM llm_traces WHERE (created_at, id) > (?, ?)
    ORDER BY created_at, id LIMIT ?
"""
_DUE = f"""
    SELECT id FROM llm_traces
    WHERE (created_at, id) > (?, ?) AND (created_at, id) <= (?, ?) AND {DUE}
"""  # noqa: S608 our own names
_ROW = f"SELECT {_READ} FROM llm_traces WHERE id = ? AND {DUE}"  # noqa: S608 our own names
_WRITTEN = """
    UPDATE llm_traces SET cost_usd = ?, cost_source = ?, metadata = CAST(? AS TEXT) WHERE id = ?
"""


class Slice(NamedTuple):
    """What became of the next rows."""

    rows: int
    """Looked at, those that have a cost included."""
    priced: list[Trace]
    unknown: list[Trace]


def count_rows(db: sqlite3.Connection, since_ms: int | None) -> int:
    """How many rows `reprice` will look at. Raises `sqlite3.Error`."""
    sql = "SELECT count(*) FROM llm_traces WHERE created_at >= ?"
    found: int = db.execute(sql, (START[0] if since_ms is None else since_ms,)).fetchone()[0]
    return found


def reprice(
    db: sqlite3.Connection, price: Price, since_ms: int | None, *, writes: bool
) -> Iterator[Slice]:
    """Give a cost to the calls that arrived from `since_ms` on and have tokens and none.

    In the order of arrival; what was yielded is committed. Without `writes` nothing is changed,
    and `db` may be one that cannot write. Raises `sqlite3.Error`.
    """
    place: Place = START if since_ms is None else (since_ms, START[1])
    pace = Pace(_WRITE)
    while rows := db.execute(_PLACES, (*place, _LOOK)).fetchall():
        due = [row[0] for row in db.execute(_DUE, (*place, *rows[-1]))]
        place = rows[-1]
        looked = len(rows)
        while due:
            now, due = due[: pace.size], due[pace.size :]
            with pace.measured():
                priced, unknown = _price(db, price, now)
                if priced and writes:
                    priced = _write(db, price, list(priced))
            yield Slice(looked, list(priced.values()), unknown)
            looked = 0
        yield Slice(looked, [], [])


def _price(
    db: sqlite3.Connection, price: Price, ids: list[int]
) -> tuple[dict[int, Trace], list[Trace]]:
    """Those that have a price, by id, and those that have none."""
    rows = {id: row for id in ids if (row := db.execute(_ROW, (id,)).fetchone())}
    found = {id: cast(Trace, from_row("trace", row)) for id, row in rows.items()}
    now = {id: price(trace) for id, trace in found.items()}
    priced = {id: trace for id, trace in now.items() if trace.cost_usd is not None}
    return priced, [trace for id, trace in now.items() if id not in priced]


def _write(db: sqlite3.Connection, price: Price, ids: list[int]) -> dict[int, Trace]:
    """Read again in the transaction: the service may have joined another part meanwhile."""
    with transaction(db):
        priced, _ = _price(db, price, ids)
        values = [(row.cost_usd, row.cost_source, row.metadata, id) for id, row in priced.items()]
        db.executemany(_WRITTEN, values)
    return priced
