"""Traffic that keeps its own books: what was accepted must be stored, once each."""

import os
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager

from ..ledger import balances, sums_shown
from ..process import serving, wait_until

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
NOTICED_SECONDS, REPAIRED_SECONDS = 2.0, 5.0
"""What the service promises: to say `degraded` after a failing write, `ok` after the repair."""


@contextmanager
def kept_books(database, *arguments, accepted=(), **options):
    """The books of a service that must settle, hold what they say, and stop at the end.

    `accepted` are events that an earlier process accepted, and may have left in its journal.
    """
    before = stored_ids(database)
    with serving(database, *arguments, **options) as service:
        books = Books(service, database, {*before, *accepted}, len(before))
        yield books
        books.settle()
        books.check()
        status, errors = service.stop()
        assert (status, "Traceback" in errors) == (0, False), errors


class Books:
    """Sends to one running service, and remembers which events it said it accepted."""

    def __init__(self, service, database, accepted=(), before=0):
        """`accepted` are ids of earlier events, `before` of them stored before the start."""
        self.service, self._database = service, database
        self.accepted, self._before = list(accepted), before

    def send(self, events=1, text=""):
        """Post traces, all of which must be accepted."""
        answer = self.service.post("/v1/traces", [TRACE | {"input_text": text}] * events)
        assert answer["accepted"] == events, answer
        self.accepted += [event["event_id"] for event in answer["events"]]

    def is_degraded(self):
        """Whether health says that writing fails."""
        report = self.service.json("/health")
        return (report["status"], report["db_status"]) == ("degraded", "failing")

    def is_told(self):
        """Whether health says that writing fails, unless all is stored."""
        return self.is_degraded() or self.is_settled()

    def is_settled(self):
        """Whether writing works and nothing waits."""
        report = self.service.json("/health")
        return (report["db_status"], report["queue_depth"]) == ("ok", 0)

    def settle(self, seconds=REPAIRED_SECONDS):
        """Wait until everything accepted is settled."""
        wait_until(self.is_settled, "writing to work and the queue to be empty", seconds)

    def recover(self):
        """Wait until all is well, too; health remembers for a moment what was wrong."""
        self.settle()
        wait_until(self.is_well, "health to be ok", REPAIRED_SECONDS)

    def is_well(self):
        return self.service.json("/health")["status"] == "ok"

    def check(self):
        """Everything accepted is a row, once, in a sound file, and the ledger says so."""
        assert Counter(stored_ids(self._database)) == Counter(self.accepted)
        sums = sums_shown(self.service)
        assert balances(sums), sums
        assert sums["persisted"] == len(self.accepted) - self._before


def stored_ids(database):
    """The event ids of all rows, in a file that must be sound, if it is there."""
    if not os.path.exists(database):
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'llm_traces'").fetchone():
            return []  # it was stopped before there were tables
        return [row[0] for row in db.execute("SELECT event_id FROM llm_traces")]
