"""Costs that come as a metric: what of a point is new, and which calls it has paid for.

A sender that tells costs only so tells the calls apart from them. So that no cost is there twice,
a computed one gives way to the metric's: at once where the metric has spoken for that time, else
with its next point, until when the call waits in `cost_awaited`. All within the transaction of the
batch; of a batch the points come first, since a row that is not there yet cannot be changed.
"""

import sqlite3
from typing import TypeGuard

import orjson

from .. import links
from ..events import Event, Trace
from . import Price, series
from .joining.reports import has_tokens
from .traffic import Traffic
from .unpriced import DUE, is_metered

TURN_MS = 3_600_000
"""How long before the start of a series its first cost may have been made: a series starts when
its first cost is added, at the end of a turn, and the calls were before."""
MOST_AWAITED = 20_000
"""Calls that wait; of more the first go. A metric that is on speaks every minute."""
MOST_PAID = 500
"""Calls that a point pays for, in 6 to 12 ms; what is left waits for the next one."""

_NOW_DUE = """
    FROM cost_awaited WHERE payer = ? AND at BETWEEN ? AND ? ORDER BY id LIMIT ?
"""
_COMPUTED = f"event_id IN (SELECT event_id {_NOW_DUE}) AND cost_source IS NOT 'reported'"
_COUNTED = f"""
    SELECT provider, model, total(cost_usd), count(*) FILTER (WHERE {DUE}) FROM llm_traces
    WHERE counted AND {_COMPUTED} GROUP BY 1, 2
"""  # noqa: S608 our own words
_PAY = f"""
    UPDATE llm_traces SET cost_usd = NULL, cost_source = NULL,
        metadata = json_set(
            json_remove(coalesce(metadata, '{{}}'), '$.price_table'), '$.metered', json('true')
        )
    WHERE {_COMPUTED}
"""  # noqa: S608 our own words
_PAID = f"DELETE FROM cost_awaited WHERE id IN (SELECT id {_NOW_DUE})"  # noqa: S608 our own words
_AWAIT = "INSERT OR IGNORE INTO cost_awaited (payer, at, event_id) VALUES (?, ?, ?)"
_COVERED = """
    SELECT 1 FROM cost_series WHERE payer = ? AND started_at - ? <= ? AND until >= ? LIMIT 1
"""


def is_point(event: Event) -> TypeGuard[Trace]:
    """Whether it is a point of a cost metric, for `added`."""
    return links.reading(event.keys) is not None


def added(db: sqlite3.Connection, point: Trace, traffic: Traffic) -> Trace | None:
    """The row of what the point adds to the costs so far; None where it adds nothing.

    Takes the computed costs that it replaces out of their rows. Call inside a transaction, before
    the calls of the same batch; a row that is there already must count once only.
    """
    reading, payer = links.reading(point.keys), links.payer(point.keys)
    if reading is None or payer is None or point.cost_usd is None:
        return None
    state, cost = series.advance(db, reading, payer, point)
    due = payer, state.started_at - TURN_MS, state.until, MOST_PAID
    for counted in db.execute(_COUNTED, due):
        traffic.paid(*counted)
    db.execute(_PAY, due)
    db.execute(_PAID, due)
    return point._replace(cost_usd=cost) if cost > 0 else None


def priced(db: sqlite3.Connection, call: Trace, price: Price) -> Trace:
    """The call with its cost, or with `metered` in its metadata where a metric has paid for it.

    Call inside a transaction, with the `event_id` that its row has.
    """
    if is_metered(call):  # read back from its row, without keys
        return call
    payer = links.payer(call.keys)
    if payer is None or call.cost_usd is not None or not has_tokens(call):
        return price(call)
    at = (call.started_at or call.created_at) + int(call.latency_ms or 0)
    if db.execute(_COVERED, (payer, TURN_MS, at, at)).fetchone():
        return call._replace(metadata=_marked(call.metadata))
    added = db.execute(_AWAIT, (payer, at, call.event_id))
    if added.rowcount:  # a row that is settled again waits already
        db.execute(
            "DELETE FROM cost_awaited WHERE id <= ?", ((added.lastrowid or 0) - MOST_AWAITED,)
        )
    return price(call)


def _marked(metadata: bytes | None) -> bytes:
    return orjson.dumps({**orjson.loads(metadata or b"{}"), "metered": True})
