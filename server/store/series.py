"""How far the sums of cost metrics have come: a row a series, however many points it has."""

import sqlite3
from typing import NamedTuple

from ..events import Trace
from ..links import Reading

MOST_SERIES = 10_000
"""Of more, those go that were silent for longest. One that speaks again counts as a new one."""

_SET = """
    INSERT INTO cost_series (series, payer, started_at, until, value, seen_at)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (series) DO UPDATE SET started_at = excluded.started_at, until = excluded.until,
        value = excluded.value, seen_at = excluded.seen_at
"""
_FORGET = """
    DELETE FROM cost_series WHERE series IN (
        SELECT series FROM cost_series ORDER BY seen_at DESC LIMIT -1 OFFSET ?
    )
"""


class State(NamedTuple):
    """Of a series: the time it speaks for, in Unix ms of its sender, and its highest value."""

    started_at: int
    until: int
    value: float


def advance(
    db: sqlite3.Connection, reading: Reading, payer: str, point: Trace
) -> tuple[State, float]:
    """The state of the series after a point, and the cost that is new with it.

    Whatever the order, the costs of a series add up to the highest value of a sum. Of deltas each
    is new: what knows one that was sent again is its `event_id`.
    """
    state, cost = _moved(_get(db, reading.series), reading, point)
    db.execute(_SET, (reading.series, payer, *state, point.created_at))
    return state, cost


def _get(db: sqlite3.Connection, series: str) -> State | None:
    """None of a new series, for which room is made."""
    query = "SELECT started_at, until, value FROM cost_series WHERE series = ?"
    found = db.execute(query, (series,)).fetchone()
    if found is None:
        db.execute(_FORGET, (MOST_SERIES - 1,))
        return None
    return State(*found)


def _moved(state: State | None, reading: Reading, point: Trace) -> tuple[State, float]:
    time, value = point.started_at or point.created_at, point.cost_usd or 0.0
    start = min(reading.started_at or time, time)
    if state is None:
        return State(start, time, value), value
    moved = State(min(state.started_at, start), max(state.until, time), max(state.value, value))
    if reading.is_delta:
        return moved, value
    if reading.started_at:
        return moved, moved.value - state.value
    if time <= state.until:  # it may be from before a start anew, of which nothing tells
        return state, 0.0
    return moved._replace(value=value), value if value < state.value else value - state.value
