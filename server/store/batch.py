"""A batch of Events of both kinds, and its lifetime totals."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from functools import partial

from ..events import Error, Event, Trace
from . import Price, Written, as_it_is, metering
from .faults import refusing
from .insert import insert_new, next_id
from .joining.attempts import tell_apart
from .joining.calls import add_reports
from .joining.failures import add_failures
from .joining.fold import SIZES, Sizes
from .totals import add_totals
from .traffic import Traffic


def add_events(
    db: sqlite3.Connection,
    batch: Sequence[Event],
    price: Price = as_it_is,
    sizes: Sizes = SIZES,
) -> Written:
    """Store `batch` and move the totals. Call inside a transaction.

    `price` gives a call its cost; `sizes` are those of a row that is put together. Raises `Refused`
    where a failure is an event's own, and `sqlite3.Error`.
    """
    with refusing(db):
        written = _add(db, tell_apart(db, batch), price, sizes)
    add_totals(db, _totals(written))
    return written


def _add(db: sqlite3.Connection, batch: Sequence[Event], price: Price, sizes: Sizes) -> Written:
    written = Written(Counter(), Counter(), Counter(), Traffic())
    traces = [event for event in batch if isinstance(event, Trace)]
    points = [trace for trace in traces if trace.keys and metering.is_point(trace)]
    if points:
        _note(written, "trace", len(points), *_add_points(db, points, written.traffic))
        traces = [trace for trace in traces if not metering.is_point(trace)]
    if traces:
        known_price = partial(metering.priced, db, price=price)
        calls = add_reports(db, traces, sizes, known_price, written.traffic)
        _note(written, "trace", len(traces), calls.rows, calls.known)
    if errors := [event for event in batch if isinstance(event, Error)]:
        failures = add_failures(db, errors, written.traffic.failures)
        _note(written, "error", len(errors), failures.rows, failures.known)
    return written


def _add_points(
    db: sqlite3.Connection, points: Sequence[Trace], traffic: Traffic
) -> tuple[int, int]:
    """Rows of what points of cost metrics add to the costs so far, and those that were known."""
    rows = [row for point in points if (row := metering.added(db, point, traffic))]
    added = insert_new(db, rows, next_id(db, "trace"))
    for row in added.values():
        traffic.row(None, row)
    return len(added), len(rows) - len(added)


def _note(written: Written, kind: str, events: int, rows: int, known: int) -> None:
    written.persisted[kind] += rows
    written.deduplicated[kind] += known
    written.merged[kind] += events - rows - known


def _totals(written: Written) -> dict[str, int]:
    return {
        f"{outcome}.{kind}": count
        for outcome in ("persisted", "deduplicated", "merged")
        for kind, count in getattr(written, outcome).items()
    }
