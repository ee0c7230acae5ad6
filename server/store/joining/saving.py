"""Writing what was found out of calls. All raise `sqlite3.Error`; call inside a transaction."""

import sqlite3
from collections.abc import Iterable

from ...events import COLUMNS, KINDS, UTF8, Event, Trace
from ...times import now_ms
from ..insert import insert
from ..read_back import to_json
from ..schema import TABLES
from .reports import above, fills

_CHANGED = {kind: [one for one in COLUMNS[kind] if one != "created_at"] for kind in KINDS}
_SET = {
    kind: ", ".join(f"{name} = {'CAST(? AS TEXT)' if name in UTF8 else '?'}" for name in names)
    for kind, names in _CHANGED.items()
}
_UPDATE = {kind: f"UPDATE {TABLES[kind]} SET {_SET[kind]} WHERE id = ?" for kind in KINDS}  # noqa: S608 our own names
_PART = """
    INSERT INTO parts (event_id, trace, waits_for, created_at, event) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (event_id) DO
"""
_MERGED = "INSERT OR REPLACE INTO merged_events (event_id, trace, started_at) VALUES (?, ?, ?)"


def insert_row(db: sqlite3.Connection, trace: Trace) -> int:
    """Add a row; its id."""
    insert(db, [trace])
    row_id: int = db.execute("SELECT last_insert_rowid()").fetchone()[0]
    return row_id


def update_row(db: sqlite3.Connection, row_id: int, event: Event) -> None:
    """Let a row say this. It keeps the time of its arrival."""
    values = [getattr(event, name) for name in _CHANGED[event.kind]]
    db.execute(_UPDATE[event.kind], (*values, row_id))


def count_in(db: sqlite3.Connection, row_id: int, *, counts: bool) -> None:
    """Have lists and sums read a row, or leave it out."""
    db.execute("UPDATE llm_traces SET counted = ? WHERE id = ?", (int(counts), row_id))


def take_back(db: sqlite3.Connection, row_id: int) -> None:
    """Delete a row that this transaction added."""
    db.execute("DELETE FROM llm_traces WHERE id = ?", (row_id,))


def save_part(db: sqlite3.Connection, report: Trace, row_id: int) -> None:
    """Keep a report whole, as one of that row."""
    upper = fills(report) or next(reversed(above(report)), None)
    values = (report.event_id, row_id, upper, now_ms(), to_json(report))
    db.execute(f"{_PART} UPDATE SET trace = excluded.trace", values)


def save_piece(db: sqlite3.Connection, piece: Trace) -> bool:
    """Let texts wait for their call; whether they are new."""
    values = (piece.event_id, None, fills(piece), now_ms(), to_json(piece))
    return db.execute(f"{_PART} NOTHING", values).rowcount == 1


def save_merged(db: sqlite3.Connection, reports: Iterable[Trace], row_id: int) -> None:
    """Let reports that have no row of their own be known for as long as that row is there."""
    db.executemany(_MERGED, [(one.event_id, row_id, one.started_at) for one in reports])


def forget_merged(db: sqlite3.Connection, report: Trace) -> None:
    """A report that a row has the id of is merged into no other."""
    db.execute("DELETE FROM merged_events WHERE event_id = ?", (report.event_id,))


def save_told(db: sqlite3.Connection, event_ids: Iterable[str], row_id: int) -> None:
    """Let errors be known as told by that of a failed call, for as long as the call is there."""
    db.executemany(_MERGED, [(event_id, row_id, None) for event_id in event_ids])
