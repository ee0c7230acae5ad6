"""A service before a real Prometheus, and what can be made to befall it, step by step."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..corpus import EXAMPLES, bodies_under, request_of
from ..faults.shim import JOURNAL, Faults
from ..holders import files
from ..locking import Lock
from ..process import Running, serving, wait_until
from . import oddities
from .client import Client
from .prometheus import Prometheus
from .spoiling import grow_old, refuse_poison
from .traffic import Traffic

QUEUE_EVENTS, LETTERS = 400, 2


def settings(there: Path) -> list[str]:
    """Arguments of a service that a few events fill; `there` is for its keys."""
    return [
        f"--ingest-keys-file={files(there)['ingest_keys_file']}",
        f"--max-body-bytes={oddities.MOST_BYTES}",
        f"--queue-events={QUEUE_EVENTS}",
        f"--max-dead-letters={LETTERS}",
    ]


class Stage:
    """The service that runs now, its database, and the Prometheus that looks at it.

    `moments` are the Unix times at which a scrape showed what they are named after.
    """

    def __init__(
        self,
        service: Running,
        database: str,
        prometheus: Prometheus,
        traffic: Traffic,
        client: Client,
    ) -> None:
        self.service, self.database, self.prometheus = service, database, prometheus
        self.traffic, self.client = traffic, client
        self.started, self.moments = time.time(), dict[str, float]()

    def seen(self, scrapes: int = 1, moment: str = "") -> None:
        """Wait until what is true now has been scraped so often; remember when, by a name."""
        when = self.prometheus.catch_up(scrapes)
        if moment:
            self.moments[moment] = when

    @contextmanager
    def idle(self, name: str) -> Iterator[None]:
        """Prometheus has seen the service with nothing to do, and nothing comes meanwhile."""
        with self.traffic.paused():
            self.settle()
            self.seen(moment=name)
            yield

    def settle(self) -> None:
        """Wait until everything accepted is settled."""
        wait_until(lambda: self.service.metric("tokenweir_queue_events ") == 0, "an empty queue")

    def send_captured(self) -> None:
        """What real senders sent, which reports some calls twice."""
        for body in bodies_under(EXAMPLES):
            path, headers = request_of(body)
            assert self.client.post(path, body.read_bytes(), headers) < 300, body

    def trouble_clients(self, seconds: int) -> None:
        """Have senders make every mistake, and be special, once between two scrapes."""
        for turn in range(seconds):
            self.client.post_all(oddities.refused())
            self.client.post_all(oddities.special(turn))
            self.seen()

    def poison(self) -> None:
        """Have the store refuse events, until there is no room left to set them aside."""
        refuse_poison(self.database)
        for _ in range(LETTERS + 2):
            assert self.client.post("/v1/traces", oddities.POISONED) == 202
        self.settle()
        self.seen()

    def fill_queue(self, seconds: int) -> None:
        """Lock the database until the queue is full, and for so long after that."""
        with Lock(self.database):
            for _ in range(seconds):
                self.client.post_all(oddities.full())
                self.seen()
        self.settle()

    def fail_journal(self, faults: Faults) -> None:
        """Have the journal's disk be full for a moment."""
        faults.fail("write", error=errno.ENOSPC, count=3, only=JOURNAL)
        errors = "tokenweir_journal_write_errors_total"
        wait_until(lambda: self.service.metric(errors) > 0, "a write to fail")
        faults.heal()
        self.seen()

    def crash(self) -> None:
        """Kill the service with events in its journal, and leave old rows behind."""
        with Lock(self.database):
            self.seen()
            waiting = "tokenweir_queue_events "
            wait_until(lambda: self.service.metric(waiting) > 0, "something to wait")
            self.service.process.kill()
            self.service.process.wait()
        self.client.close()
        grow_old(self.database)


@contextmanager
def restarted(stage: Stage, *arguments: str, **options: Any) -> Iterator[None]:
    """The crashed service, started again at its port."""
    port = stage.service.url.rpartition(":")[2]
    with serving(stage.database, *arguments, f"--port={port}", **options) as service:
        stage.service = service
        yield
