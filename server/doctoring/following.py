"""An accepted event, followed over the counters to its row."""

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from . import verdicts
from .asking import Service, Unreachable
from .counting import Counts, Hidden, counts, moved
from .credentials import Credentials
from .marked import Post
from .rows import Database
from .steps import Step
from .verdicts import Verdict

_PAUSE_SECONDS = 0.05


class Seen(NamedTuple):
    """What there was to see when the wait ended."""

    row: dict[str, Any] | None
    now: Counts | None
    is_settled: bool
    """Whether the counters say that no event of that time waits."""


class Follower:
    """Looks at the counters and the database, whichever of them can be read."""

    def __init__(
        self,
        service: Service,
        credentials: Credentials,
        database: Database | None,
        wait_seconds: float,
    ) -> None:
        self._service, self._credentials = service, credentials
        self._database, self._wait = database, wait_seconds

    def hidden(self) -> str | None:
        """Why the counters cannot be read; None where they can."""
        try:
            counts(self._service, self._credentials)
        except Hidden as why:
            return str(why)
        return None

    def counts(self) -> Counts | None:
        """None where they cannot be read now."""
        try:
            return counts(self._service, self._credentials)
        except Hidden:
            return None

    def follow(
        self, about: str, post: Post, before: Counts | None, since_ms: int
    ) -> Iterator[Step]:
        """The counters' step, where they can be read, and the row's, where one is expected."""
        seen = self._see(post, before, since_ms)
        if before is not None and seen.now is not None:
            yield verdicts.counted(about, post, moved(before, seen.now))
        if post.kind is not None:
            yield self._row(about, post, before, seen)

    def _see(self, post: Post, before: Counts | None, since_ms: int) -> Seen:
        """Wait for the row, or until it cannot come any more."""
        start = time.monotonic()
        while True:
            waited = time.monotonic() - start
            now = None if before is None else self.counts()
            # the counters first: what they call settled is in the database by now, or nowhere
            if is_settled := _is_settled(now, waited):
                now = self.counts()  # a scrape reads what was stored before it reads the queue
            seen = Seen(self._find(post, since_ms), now, is_settled)
            if self._is_over(seen, before) or post.kind is None or waited > self._wait:
                return seen
            time.sleep(_PAUSE_SECONDS)

    def _is_over(self, seen: Seen, before: Counts | None) -> bool:
        if before is None or seen.now is None:
            return seen.row is not None or self._database is None
        is_counted = verdicts.is_stored(moved(before, seen.now))
        return seen.is_settled or (seen.row is not None and is_counted)

    def _find(self, post: Post, since_ms: int) -> dict[str, Any] | None:
        if self._database is None or post.kind is None:
            return None
        return self._database.row(post, since_ms)

    def _row(self, about: str, post: Post, before: Counts | None, seen: Seen) -> Step:
        if seen.row is not None:
            return Step(about, "row", "ok", verdicts.shown(seen.row), seen.row)
        if self._database and (why := self._database.refusal(post)):
            return Step(about, "row", "FAILED", f"the store refused it: {why}")
        level, said = self._verdict(before, seen)
        return Step(about, "row", level, said)

    def _verdict(self, before: Counts | None, seen: Seen) -> Verdict:
        """What is known of an event without a row."""
        waited, now = f"after {self._wait:g} s", seen.now
        if before is None or now is None:
            return verdicts.unseen(self._database, f"{waited}; {self._health()}")
        if not seen.is_settled:
            return "FAILED", f"not stored {waited}: {now.queued} events wait; {self._health()}"
        return verdicts.missing(self._database, moved(before, now))

    def _health(self) -> str:
        """What the service says that it suffers from."""
        try:
            told = self._service.get("/health").json()
        except Unreachable as error:
            return str(error)
        reasons = told.get("reasons")
        listed = "; ".join(map(str, reasons)) if isinstance(reasons, list) else ""
        return f"/health says {told.get('status')}{f': {listed}' if listed else ''}"


def _is_settled(now: Counts | None, waited_seconds: float) -> bool:
    """Between two batches there is no oldest event, although some may wait."""
    if now is None or (now.queued and not now.oldest_seconds):
        return False
    return now.oldest_seconds < waited_seconds
