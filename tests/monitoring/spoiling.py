"""What befalls a database behind its service's back."""

import sqlite3
from contextlib import closing

from server.store.retention.parting import PART_SECONDS
from server.store.writer import SqliteStore
from server.times import now_ms

from ..test_retention import DAY, error, trace
from .oddities import POISON

_POISONING = f"""
CREATE TRIGGER poison BEFORE INSERT ON llm_traces WHEN new.model = '{POISON}'
BEGIN SELECT raise(ABORT, 'no such model'); END
"""
_LONE_PART = """
INSERT INTO parts (event_id, trace, waits_for, created_at, event) VALUES ('lone', NULL, ?, ?, '{}')
"""


def refuse_poison(database: str) -> None:
    """Have the database refuse to store a model."""
    with closing(sqlite3.connect(database)) as db:
        db.execute(_POISONING)


def grow_old(database: str) -> None:
    """Have the database hold two rows and a part that are kept no longer."""
    store = SqliteStore(database)
    store.open()
    store.write([trace(40 * DAY), error(40 * DAY)])
    store.close()
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(_LONE_PART, ("nobody", now_ms() - 2000 * int(PART_SECONDS)))
