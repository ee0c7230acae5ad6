"""What is stored of calls: rows and parts. Call inside a transaction; all raise `sqlite3.Error`."""

import sqlite3
from typing import NamedTuple, cast

from ...events import COLUMNS, Trace
from ..read_back import from_json, from_row

_ROW = f"SELECT id, counted, {', '.join(COLUMNS['trace'])} FROM llm_traces WHERE id = ?"  # noqa: S608 our own names
_PARTS = "SELECT event, trace FROM parts"


class Row(NamedTuple):
    """A row as it stands."""

    id: int
    counted: bool
    trace: Trace


class Part(NamedTuple):
    """A report that is kept whole, and the row that it belongs to; None while it waits."""

    report: Trace
    row: int | None


def get_row(db: sqlite3.Connection, row_id: int) -> Row | None:
    """The row of that id, without keys; None where it is deleted."""
    found = db.execute(_ROW, (row_id,)).fetchone()
    if found is None:
        return None
    return Row(found[0], bool(found[1]), cast(Trace, from_row("trace", found[2:])))


def row_of_event(db: sqlite3.Connection, event_id: str) -> int | None:
    """The row that has this id as its own."""
    found = db.execute("SELECT id FROM llm_traces WHERE event_id = ?", (event_id,)).fetchone()
    return found[0] if found else None


def reports_of_row(db: sqlite3.Connection, row_id: int, most: int) -> int:
    """How many reports were merged into a row, up to `most`."""
    sql = "SELECT count(*) FROM (SELECT 1 FROM merged_events WHERE trace = ? LIMIT ?)"
    return int(db.execute(sql, (row_id, most)).fetchone()[0])


def rows_within(db: sqlite3.Connection, trace_id: str, span_id: str, most: int) -> list[int]:
    """Rows whose span stands under that one."""
    sql = "SELECT id FROM llm_traces WHERE trace_id = ? AND parent_span_id = ? LIMIT ?"
    return [row for (row,) in db.execute(sql, (trace_id, span_id, most))]


def rows_of_trace(db: sqlite3.Connection, trace_id: str, most: int) -> list[int]:
    sql = "SELECT id FROM llm_traces WHERE trace_id = ? LIMIT ?"
    return [row for (row,) in db.execute(sql, (trace_id, most))]


def part_of_event(db: sqlite3.Connection, event_id: str) -> list[Part]:
    """The part of that id, if there is one."""
    return _parts(db, "event_id = ?", event_id)


def parts_of_row(db: sqlite3.Connection, row_id: int) -> list[Part]:
    return _parts(db, "trace = ?", row_id)


def parts_of_call(db: sqlite3.Connection, event_id: str, most: int) -> list[Part]:
    """Those that fill the call of that id, or stand under it.

    Of those that have a row already `most`: what fills the call is found by its row too.
    """
    waiting = _parts(db, "waits_for = ? AND trace IS NULL", event_id)
    return waiting + _parts(db, f"waits_for = ? AND trace IS NOT NULL LIMIT {most}", event_id)


def _parts(db: sqlite3.Connection, where: str, value: object) -> list[Part]:
    found = db.execute(f"{_PARTS} WHERE {where}", (value,))
    return [Part(cast(Trace, from_json("trace", event)), row) for event, row in found]
