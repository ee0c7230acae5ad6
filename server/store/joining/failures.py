"""One error row a failure, however many reports of it come, unless its reports have rows already.

A failed call has one error, though each report of the call brings one, and it tells of the
exceptions that other spans and log records repeat. Nothing here deletes a row.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, cast

from ... import links
from ...events import COLUMNS, Error
from ..insert import insert, insert_new, next_id
from ..read_back import from_row
from .reports import OF_CALL, told
from .saving import save_told, update_row

_FIND = f"SELECT id, {', '.join(COLUMNS['error'])} FROM error_events WHERE event_id = ?"  # noqa: S608 our own names
_CALL = """
    SELECT id FROM llm_traces WHERE event_id = :id
    UNION ALL SELECT trace FROM merged_events WHERE event_id = :id
"""
_REPORTS = """
    SELECT event_id FROM llm_traces WHERE id = :row
    UNION ALL SELECT event_id FROM merged_events WHERE trace = :row
"""
_OUTER = """
    SELECT outer.event_id FROM llm_traces AS own
    JOIN llm_traces AS outer ON outer.event_id = own.trace_id || ':' || own.parent_span_id
    WHERE own.id = :row AND own.counted AND NOT outer.counted
"""
"""The report over a call that only adds it up with others."""
_INNER = f"""
    SELECT error_events.event_id FROM llm_traces AS own
    JOIN llm_traces AS inner
        ON inner.trace_id = own.trace_id AND inner.parent_span_id = own.span_id AND inner.counted
    JOIN error_events ON error_events.event_id = inner.event_id || '{OF_CALL}'
    WHERE own.id = :row AND NOT own.counted ORDER BY inner.id DESC LIMIT 1
"""  # noqa: S608 our own names
"""The failure of the last call that such a report adds up: its own is no other."""


class Added(NamedTuple):
    """What became of errors: the others were merged."""

    rows: int
    known: int


class _Row(NamedTuple):
    id: int
    error: Error


def add_failures(db: sqlite3.Connection, errors: Sequence[Error], types: Counter[str]) -> Added:
    """Store `errors`, after the calls of the batch. Call inside a transaction.

    `types` learns of the rows that came, by error_type, less those that have another one now.

    Raises `sqlite3.Error`, and what binding a bad value raises.
    """
    alone = [error for error in errors if not _can_be_told_twice(error)]
    added = list(insert_new(db, alone, next_id(db, "error")).values())
    merged = 0
    for error in filter(_can_be_told_twice, errors):
        if _is_merged(db, error, types):
            merged += 1
        elif insert(db, [error]):
            added.append(error)
    types.update(error.error_type for error in added)
    return Added(len(added), len(errors) - merged - len(added))


def _can_be_told_twice(error: Error) -> bool:
    return error.source == "otlp" or error.event_id.endswith(OF_CALL)


def _is_merged(db: sqlite3.Connection, error: Error, types: Counter[str]) -> bool:
    """Whether another row has the failure, which is then filled from this report."""
    call = error.event_id.removesuffix(OF_CALL)
    row = _row_of(db, call)
    others = [f"{one}{OF_CALL}" for one in _reports(db, row)]
    if call == error.event_id:  # an exception, which a failed call may have told
        return row is not None and _fill(db, error, others, others, types)
    causes = told(error, links.CAUSE)
    if row is not None:
        save_told(db, causes, row)
    inner = [event_id for (event_id,) in db.execute(_INNER, {"row": row})]
    outer = [f"{one}{OF_CALL}" for (one,) in db.execute(_OUTER, {"row": row})]
    ids = [*others, *causes, *inner, *outer]
    return not _find(db, error.event_id) and _fill(db, error, inner or others, ids, types)


def _fill(
    db: sqlite3.Connection,
    error: Error,
    calls: Sequence[str],
    ids: Sequence[str],
    types: Counter[str],
) -> bool:
    """Merge a report with the row that one of `ids` has; whether there is one."""
    found = next((found for event_id in ids if (found := _find(db, event_id))), None)
    if found is not None:
        merged = _merge(db, found, error, calls)
        types[found.error.error_type] -= 1
        types[merged.error_type] += 1
    return found is not None


def _row_of(db: sqlite3.Connection, event_id: str) -> int | None:
    """The row of a call by one of its reports, or by an exception that its error told."""
    found = db.execute(_CALL, {"id": event_id}).fetchone()
    return found[0] if found else None


def _reports(db: sqlite3.Connection, row: int | None) -> list[str]:
    """The event ids of a call's reports, the best one's first."""
    return [event_id for (event_id,) in db.execute(_REPORTS, {"row": row})]


def _find(db: sqlite3.Connection, event_id: str) -> _Row | None:
    found = db.execute(_FIND, (event_id,)).fetchone()
    if found is None:
        return None
    return _Row(found[0], cast(Error, from_row("error", found[1:])))


def _merge(db: sqlite3.Connection, row: _Row, error: Error, calls: Sequence[str]) -> Error:
    """Let the row tell what the better of two reports says, its NULLs filled from the other."""
    ranks = {event_id: rank for rank, event_id in enumerate(calls)}
    first, second = sorted(
        (row.error, error), key=lambda one: (ranks.get(one.event_id, len(ranks)), one.event_id)
    )
    own = {name: value for name, value in first._asdict().items() if value is not None}
    merged = second._replace(**own)
    update_row(db, row.id, merged)
    return merged
