"""Databases with rows in them before anything is measured."""

import time

from server.config import Config
from server.events import Trace
from server.normalise import Normaliser
from server.store.writer import SqliteStore

from .load.calls import trace

BATCH = 5000
DAY_MS = 86_400_000


def fill(
    database: str, rows: int, text_bytes: int = 100, first_days: int = 5, last_days: int = 0
) -> None:
    """Write so many calls through the store itself, from so many days ago to so many."""
    config = Config()
    normaliser = Normaliser(config.max_text_bytes, config.max_metadata_bytes)
    few = [normaliser.trace(trace(text_bytes), "native") for _ in range(BATCH)]
    now, age = int(time.time() * 1000), (first_days - last_days) * DAY_MS
    store = SqliteStore(database)
    store.open()
    for start in range(0, rows, BATCH):
        at = now - first_days * DAY_MS + start * age // rows
        numbered = enumerate(few[: rows - start], start)
        store.write([_another(row, number, at) for number, row in numbered])
    store.close()


def _another(row: Trace, number: int, at: int) -> Trace:
    """The same call at another time, with ids of its own, which grow as those that we make."""
    digits = f"{at:012x}{number:020x}"
    return row._replace(event_id=digits, trace_id=digits, created_at=at)
