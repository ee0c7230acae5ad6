"""A batch of Events of both kinds, and its lifetime totals."""

import sqlite3
from collections import Counter
from collections.abc import Sequence

from ..events import EVENTS, Event
from . import Written
from .faults import refusing
from .insert import insert
from .totals import add_totals


def add_events(db: sqlite3.Connection, batch: Sequence[Event]) -> Written:
    """Insert `batch` and move the totals. Call inside a transaction.

    Raises `Refused` where a failure is an event's own, and `sqlite3.Error`.
    """
    with refusing(db):
        written = _insert(db, batch)
    add_totals(db, _totals(written))
    return written


def _insert(db: sqlite3.Connection, batch: Sequence[Event]) -> Written:
    written = Written(Counter(), Counter())
    for kind, table in EVENTS.items():
        if rows := [event for event in batch if isinstance(event, table)]:
            added = insert(db, rows)
            written.persisted[kind] += added
            written.deduplicated[kind] += len(rows) - added
    return written


def _totals(written: Written) -> dict[str, int]:
    return {
        f"{outcome}.{kind}": count
        for outcome, counts in written._asdict().items()
        for kind, count in counts.items()
    }
