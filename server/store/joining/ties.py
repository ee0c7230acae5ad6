"""Which rows of this transaction belong to others: asked once for all, and mostly answered with no.

Call inside a transaction; all raise `sqlite3.Error`.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import orjson

from ... import links
from ...events import TURN_USAGE, Trace
from ..call_numbers import HOUR, numbers
from .keys import MOST_OF_KEY, add_keys
from .reports import LITELLM, has_id_of_call, shared, told
from .saving import save_part

_ABOVE = "c.trace_id || ':' || c.parent_span_id"


def _around(number: str) -> str:
    """That number in the hours about its own."""
    return f"({number} - {HOUR}, {number}, {number} + {HOUR})"


_SPANS = f"""
    SELECT c.id FROM llm_traces AS c WHERE c.id >= :first AND c.parent_span_id IS NOT NULL AND
        EXISTS (SELECT 1 FROM llm_traces AS p WHERE p.event_id = {_ABOVE} AND p.counted)
    UNION ALL
    SELECT p.id FROM llm_traces AS p WHERE p.id >= :first AND p.span_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM llm_traces AS c WHERE c.trace_id = p.trace_id AND c.parent_span_id = p.span_id
    )
"""  # noqa: S608 our own names
"""Rows that stand under another one, or above one."""
_SAME = f"""
    SELECT t.id FROM llm_traces AS t NOT INDEXED
    WHERE t.id >= :first AND t.call_key IS NOT NULL AND (
        EXISTS (SELECT 1 FROM llm_traces AS o WHERE o.call_key = t.call_key - {HOUR})
        OR EXISTS (SELECT 1 FROM llm_traces AS o WHERE o.call_key = t.call_key + {HOUR})
        OR (
            SELECT count(*) FROM (
                SELECT 1 FROM llm_traces AS o WHERE o.call_key = t.call_key LIMIT {MOST_OF_KEY + 1}
            )
        ) BETWEEN 2 AND {MOST_OF_KEY}
    )
"""  # noqa: S608 our own names
"""Rows that have the key of another: of more than MOST_OF_KEY it is no call's."""
_MORE = f"""
    SELECT id FROM llm_traces AS t NOT INDEXED WHERE id >= :first AND call_key IS NOT NULL
    AND (
        SELECT count(*) FROM (
            SELECT 1 FROM call_keys WHERE key IN {_around("t.call_key")} LIMIT {MOST_OF_KEY + 1}
        )
    ) BETWEEN 1 AND {MOST_OF_KEY}
"""  # noqa: S608 our own names
"""Rows that have a key that leads to a row of which it is not the first: to few, as in _SAME."""
_PARTS = f"""
    SELECT id FROM llm_traces WHERE id >= :first
    AND EXISTS (SELECT 1 FROM parts WHERE waits_for = llm_traces.event_id)
    UNION ALL
    SELECT c.id FROM llm_traces AS c WHERE c.id >= :first AND c.parent_span_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM parts WHERE event_id = {_ABOVE})
"""  # noqa: S608 our own names
"""Rows that parts wait for, or that stand under one."""
_MERGED = """
    SELECT id FROM llm_traces WHERE id >= ? AND EXISTS (
        SELECT 1 FROM merged_events WHERE merged_events.event_id = llm_traces.event_id
    )
"""
_BY_ID = """
    SELECT key FROM json_each(?) WHERE EXISTS (SELECT 1 FROM llm_traces WHERE event_id = value)
    OR EXISTS (SELECT 1 FROM merged_events WHERE event_id = value)
"""
_BY_KEY = f"""
    SELECT j.key FROM json_each(?) AS j
    WHERE EXISTS (SELECT 1 FROM call_keys AS k WHERE k.key IN {_around("j.value")})
    OR EXISTS (SELECT 1 FROM llm_traces AS t WHERE t.call_key IN {_around("j.value")})
"""  # noqa: S608 our own numbers
_BY_TURN = f"""
    SELECT key FROM json_each(?) WHERE EXISTS (
        SELECT 1 FROM llm_traces WHERE trace_id = value AND operation = '{TURN_USAGE}'
    )
"""  # noqa: S608 our own word


def tied(db: sqlite3.Connection, fresh: Mapping[int, Trace], first: int) -> list[Trace]:
    """The reports that belong to others, of those `fresh` by row, which begin with the id `first`.

    What leads to their rows from now on is stored.
    """
    keyed = {row: one for row, one in fresh.items() if one.keys and not _is_plain(one.keys)}
    for row, report in keyed.items():
        if len(shared(report)) > 1 and not has_id_of_call(report):
            add_keys(db, [report], row)
        if told(report, links.UNDER):
            save_part(db, report, row)
    events = _by_keys(db, list(keyed.values()))
    rows = _by_rows(db, first, keyed=any(one.keys for one in fresh.values()))
    rows |= {row for row, report in keyed.items() if report.event_id in events}
    return [fresh[row] for row in sorted(rows)]


def merged_rows(db: sqlite3.Connection, first: int) -> list[int]:
    """Of the rows from the id `first` on: those whose report was merged into another before."""
    if not _has_any(db, "merged_events"):
        return []
    return [row for (row,) in db.execute(_MERGED, (first,))]


def _is_plain(keys: Sequence[str]) -> bool:
    """Whether they are the one key that most reports have."""
    return len(keys) == 1 and keys[0].startswith(links.RESPONSE)


def _by_rows(db: sqlite3.Connection, first: int, *, keyed: bool) -> set[int]:
    """Rows that others belong to. `keyed`: some have keys."""
    asked = [_SPANS]
    asked += [_SAME] if keyed else []
    asked += [_MORE] if keyed and _has_any(db, "call_keys") else []
    asked += [_PARTS] if _has_any(db, "parts") else []
    return {row for sql in asked for (row,) in db.execute(sql, {"first": first})}


def _by_keys(db: sqlite3.Connection, reports: Sequence[Trace]) -> set[str]:
    """Event ids of the reports that another of their keys than the first ties to a row.

    LiteLLM's callback posts a call under its id: what it posts is found by that, and looks for the
    spans that have the id as a key.
    """
    by_id = [(one, above) for one in reports for above in told(one, links.UNDER)]
    by_id += [
        (one, call) for one in reports if one.source != LITELLM for call in told(one, links.LITELLM)
    ]
    by_key = [(one, key) for one in reports if one.source == LITELLM for key in numbers(one)[1:]]
    by_turn = [(one, trace) for one in reports for trace in told(one, links.TURN)]
    asked = ((_BY_ID, by_id), (_BY_KEY, by_key), (_BY_TURN, by_turn))
    return {event_id for sql, ones in asked for event_id in _asking(db, sql, ones)}


def _has_any(db: sqlite3.Connection, table: str) -> bool:
    return db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None  # noqa: S608 our own names


def _asking(
    db: sqlite3.Connection, sql: str, asked: Sequence[tuple[Trace, object]]
) -> Iterator[str]:
    """Event ids of those that ask for what is there."""
    if asked:
        values = orjson.dumps([value for _, value in asked]).decode()
        yield from (asked[at][0].event_id for (at,) in db.execute(sql, (values,)))
