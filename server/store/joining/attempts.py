"""LiteLLM's attempts at a call: all have one call id, by which its callback's reports are known."""

import sqlite3
from collections.abc import Sequence

import orjson

from ... import links
from ...events import Error, Event, Trace
from .reports import LITELLM, OF_CALL, told

_STARTED = """
    SELECT event_id, started_at FROM json_each(:asked) CROSS JOIN llm_traces ON event_id = value
    UNION ALL
    SELECT event_id, started_at FROM json_each(:asked) CROSS JOIN merged_events ON event_id = value
"""


def tell_apart(db: sqlite3.Connection, batch: Sequence[Event]) -> Sequence[Event]:
    """The batch, where a further attempt has an id of its own: that of the call, and its start.

    So has its error, which stands behind it. Raises `sqlite3.Error`.
    """
    asked = [one.event_id for one in batch if one.source == LITELLM and _is_attempt(one)]
    if not asked:
        return batch
    started = dict(db.execute(_STARTED, {"asked": orjson.dumps(asked).decode()}))
    apart: list[Event] = []
    renamed: dict[str, str] = {}
    for event in batch:
        if isinstance(event, Trace) and _is_attempt(event):
            first = started.setdefault(event.event_id, event.started_at)
            renamed.pop(event.event_id, None)
            if first != event.started_at:
                renamed[event.event_id] = f"{event.event_id}:{event.started_at}"
        apart.append(_renamed(event, renamed))
    return apart


def _is_attempt(event: Event) -> bool:
    return isinstance(event, Trace) and event.source == LITELLM and bool(told(event, links.LITELLM))


def _renamed(event: Event, renamed: dict[str, str]) -> Event:
    if isinstance(event, Error):
        call = event.event_id.removesuffix(OF_CALL)
        return event._replace(event_id=f"{renamed[call]}{OF_CALL}") if call in renamed else event
    return event._replace(event_id=renamed.get(event.event_id, event.event_id))
