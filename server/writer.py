"""Writes batches to the store until each of their events is settled, whatever fails meanwhile."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .events import Event
from .footprint import footprint
from .metrics import Metrics
from .retry import Retry
from .store import Refused, Store, Written

logger = logging.getLogger(__name__)

_FULL = "the dead letters are full: what the store refuses is dropped"


class Waiting(NamedTuple):
    """Events accepted together: their size in bytes, and since when (monotonic seconds)."""

    events: Sequence[Event]
    size: int
    since: float

    def singles(self) -> list["Waiting"]:
        """Its events one by one."""
        return [Waiting((event,), footprint(event), self.since) for event in self.events]


Settled = Callable[[Sequence[Waiting]], None]


class Writer:
    """Owns the store, and says what became of each event. Lives on the event loop."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store, self._metrics = store, metrics
        self._retry = Retry(metrics)
        self._losing: str | None = None
        self._said: set[str] = set()
        self.last_commit: float | None = None
        """Unix seconds of the last commit; None until there is one."""
        self.lost = 0
        """Accepted events that were dropped since the start."""
        metrics.last_commit.set_to_current_time()

    @property
    def trouble(self) -> str | None:
        """What is wrong with writing, since the last commit; None while all is well."""
        return self._retry.trouble or self._losing

    async def open(self) -> None:
        """Raises `store.Unusable`."""
        await self._retry.once(self._store.open)

    async def write(self, batch: Sequence[Waiting], settled: Settled) -> None:
        """Return when each event of `batch` is counted by what became of it, or as dropped.

        `settled` is called with the events of each part as they are counted. A passing failure
        is tried again for as long as it takes, until `give_up`. Where the store refuses an event,
        halving finds it, it is set aside as a dead letter, and the others are written.
        """
        events = [event for waiting in batch for event in waiting.events]
        try:
            written = await self._retry.commit(self._store.write, events)
        except Refused as refusal:
            return await self._split(batch, settled, refusal)
        if written is None:
            self.drop(batch, "shutdown_timeout")
        else:
            self._written(batch, written, len(events))
        settled(batch)

    def drop(self, batch: Sequence[Waiting], reason: str) -> None:
        """Count accepted events as lost."""
        for event in (event for waiting in batch for event in waiting.events):
            self.lost += 1
            self._metrics.dropped[event.kind, "persist", reason].inc()

    def give_up(self) -> None:
        """Let the batch being written, and all later ones, have one more try only."""
        self._retry.give_up()

    async def close(self) -> None:
        """Close the store. Its idle thread ends with the process."""
        await self._retry.once(self._store.close)

    def _written(self, batch: Sequence[Waiting], written: Written, events: int) -> None:
        now = time.monotonic()
        for waiting in batch:
            for kind, count in Counter(event.kind for event in waiting.events).items():
                self._metrics.commit_latency[kind].observe(now - waiting.since, count)
        for kind, count in written.persisted.items():
            self._metrics.persisted[kind].inc(count)
        for kind, count in written.deduplicated.items():
            self._metrics.deduplicated[kind].inc(count)
        self._metrics.batch_events.observe(events)
        self._committed()

    def _committed(self) -> None:
        self._metrics.last_commit.set_to_current_time()
        self.last_commit = time.time()
        self._losing = None

    async def _split(self, batch: Sequence[Waiting], settled: Settled, refusal: Refused) -> None:
        if self._retry.is_giving_up:  # to find the culprit would take a transaction an event
            self.drop(batch, "shutdown_timeout")
            return settled(batch)
        if len(batch) == 1:
            batch = batch[0].singles()
        if len(batch) == 1:
            await self._set_aside(batch[0], refusal)
            return settled(batch)
        middle = len(batch) // 2
        await self.write(batch[:middle], settled)
        await self.write(batch[middle:], settled)

    async def _set_aside(self, one: Waiting, refusal: Refused) -> None:
        """Return when a refused event is counted, as dead-lettered or as dropped."""
        try:
            kept = await self._retry.commit(self._store.set_aside, one.events[0], refusal.detail)
        except Refused as error:
            return self._lose(one, f"the store refuses an event and its dead letter: {error}")
        if kept is None:
            self.drop([one], "shutdown_timeout")
        elif kept != "full":
            self._kept(one, refusal)
        else:
            self._lose(one, _FULL)

    def _kept(self, one: Waiting, refusal: Refused) -> None:
        self._metrics.dead_lettered[one.events[0].kind].inc()
        self._committed()
        self._said.discard(_FULL)
        self._say(logging.WARNING, f"the store refuses an event, kept as a dead letter: {refusal}")

    def _lose(self, one: Waiting, why: str) -> None:
        self.drop([one], "write_failed")
        self._losing = why
        self._say(logging.ERROR, why)

    def _say(self, level: int, text: str) -> None:
        """Log `text` once, not once an event."""
        if text not in self._said:
            self._said.add(text)
            logger.log(level, "%s", text)
