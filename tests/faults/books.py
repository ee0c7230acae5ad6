"""Traffic that keeps its own books: what was accepted must be stored, once each."""

import os
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager

from prometheus_client.parser import text_string_to_metric_families

from ..process import serving, wait_until

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
NOTICED_SECONDS, REPAIRED_SECONDS = 2.0, 5.0
"""What the service promises: to say `degraded` after a failing write, `ok` after the repair."""


@contextmanager
def kept_books(database, *arguments, **options):
    """The books of a service that must settle, hold what they say, and stop at the end."""
    with serving(database, *arguments, **options) as service:
        books = Books(service, database)
        yield books
        books.settle()
        books.check()
        status, errors = service.stop()
        assert (status, "Traceback" in errors) == (0, False), errors


class Books:
    """Sends to one running service, and remembers which events it said it accepted."""

    def __init__(self, service, database):
        self.service, self._database = service, database
        self._accepted = stored_ids(database)
        self._before = len(self._accepted)

    def send(self, events=1, text=""):
        """Post traces, all of which must be accepted."""
        answer = self.service.post("/v1/traces", [TRACE | {"input_text": text}] * events)
        assert answer["accepted"] == events, answer
        self._accepted += [event["event_id"] for event in answer["events"]]

    def is_degraded(self):
        """Whether health says that writing fails."""
        report = self.service.json("/health")
        return (report["status"], report["db_status"]) == ("degraded", "failing")

    def is_told(self):
        """Whether health is degraded, unless all is well."""
        return self.is_degraded() or self.is_settled()

    def is_settled(self):
        """Whether all is well and nothing waits."""
        report = self.service.json("/health")
        return (report["status"], report["queue_depth"]) == ("ok", 0)

    def settle(self, seconds=REPAIRED_SECONDS):
        """Wait until everything accepted is settled and all is well."""
        wait_until(self.is_settled, "health to be ok and the queue empty", seconds)

    def check(self):
        """Everything accepted is a row, once, in a sound file, and the ledger says so."""
        assert Counter(stored_ids(self._database)) == Counter(self._accepted)
        sums = ledger(self.service.get("/metrics"))
        settled = sums["persisted"] + sums["deduplicated"] + sums["dead_lettered"]
        waiting = sums["dropped_persist"] + sums["queue"]
        assert sums["accepted"] + sums["replayed"] == settled + waiting, sums
        assert sums["persisted"] == len(self._accepted) - self._before


def stored_ids(database):
    """The event ids of all rows, in a file that must be sound, if it is there."""
    if not os.path.exists(database):
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [row[0] for row in db.execute("SELECT event_id FROM llm_traces")]


def ledger(exposed):
    """The sums of the ledger's metrics, by name."""
    sums: Counter[str] = Counter()
    for family in text_string_to_metric_families(exposed):
        for sample in family.samples:
            name = sample.name.removeprefix("tokenweir_events_").removesuffix("_total")
            sums[f"dropped_{sample.labels['stage']}" if name == "dropped" else name] += int(
                sample.value
            )
    sums["queue"] = sums["tokenweir_queue_events"]
    return sums
