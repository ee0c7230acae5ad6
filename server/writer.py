"""Writes batches to the store until each of their events is settled, whatever fails meanwhile."""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from .events import Event
from .metrics import Metrics
from .recording.recorder import Recorder
from .recording.unrecorded import Unrecorded
from .retry import Retry
from .store import Aside, Mark, Refused, Store, Written
from .upkeep import Upkeep
from .waiting import Waiting, mark_of

logger = logging.getLogger(__name__)

_FULL = "the dead letters are full: what the store refuses is dropped"


Settled = Callable[[Sequence[Waiting]], None]


class Writer:
    """Owns the store, and says what became of each event. Lives on the event loop."""

    def __init__(self, store: Store, recorder: Recorder | Unrecorded, metrics: Metrics) -> None:
        self._store, self._recorder, self._metrics = store, recorder, metrics
        self._retry = Retry(metrics.writer)
        self.upkeep = Upkeep(store, self._retry, recorder, metrics)
        self._losing: str | None = None
        self._files = 0
        self._said: set[str] = set()
        self.last_commit: float | None = None
        """Unix seconds of the last commit; None until there is one."""
        self.lost = 0
        """Accepted events that were dropped since the start."""
        self.left = 0
        """Accepted events that are left in the journal, for the next start."""
        metrics.writer.last_commit.set_to_current_time()

    @property
    def trouble(self) -> str | None:
        """What is wrong with writing, since the last commit; None while all is well."""
        return self._retry.trouble or self._store.trouble or self._losing or self.upkeep.trouble

    @property
    def is_failing(self) -> bool:
        """Whether something is wrong now, not only a moment ago."""
        return self._retry.is_failing or bool(self._store.trouble or self._losing)

    async def open(self) -> Mapping[str, int]:
        """What is settled of each journal. Raises `store.Unusable`."""
        await self._retry.once(self._store.open)
        return await self._retry.commit(self._store.marks) or {}

    async def look(self) -> None:
        """See whether the store can be written, while there is nothing to write."""
        await self._retry.look(self._store.tend)
        self._see_to_files()

    async def write(self, batch: Sequence[Waiting], settled: Settled) -> None:
        """Return when each event of `batch` is counted by what became of it, or left.

        `settled` is called with the events of each part as they are counted. A passing failure
        is tried again for as long as it takes, until `give_up`. Where the store refuses an event,
        halving finds it, it is set aside as a dead letter, and the others are written.
        """
        events = [event for waiting in batch for event in waiting.events]
        try:
            written = await self._retry.commit(self._store.write, events, self._mark_of(batch))
        except Refused as refusal:
            return await self._split(batch, settled, refusal)
        if written is None:
            return self.leave(batch, settled)
        self._written(batch, written, len(events))
        settled(batch)

    def leave(self, batch: Sequence[Waiting], settled: Settled) -> None:
        """To the next start what the journal has, or still takes; the rest is lost, and counted."""
        batch = [self._recorder.cover(waiting) for waiting in batch]
        lost = [waiting for waiting in batch if waiting.ticket.number is None]
        self.left += sum(len(waiting.events) for waiting in batch)
        self.left -= sum(len(waiting.events) for waiting in lost)
        self._drop(lost, "shutdown_timeout")
        settled(lost)

    def give_up(self) -> None:
        """Let the batch being written, and all later ones, have one more try only."""
        self._retry.give_up()

    def abandon(self) -> None:
        """Do not wait any more for a call of the store that hangs."""
        self._retry.abandon()

    async def checkpoint(self) -> bool:
        """Whether all that is committed is beyond any fault of the write-ahead log."""
        return bool(await self._retry.look(self._store.checkpoint))

    async def close(self, seconds: float) -> bool | None:
        """Close the store; whether that was done as `checkpoint` is. None: not done in time.

        Its idle thread ends with the process.
        """
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._retry.once(self._store.close), seconds)
        return None

    def _drop(self, batch: Sequence[Waiting], reason: str) -> None:
        for event in (event for waiting in batch for event in waiting.events):
            self.lost += 1
            self._metrics.events.dropped[event.kind, "persist", reason].inc()

    def _written(self, batch: Sequence[Waiting], written: Written, events: int) -> None:
        now, kinds = time.monotonic(), written.persisted.keys()
        for waiting in batch:
            for kind, count in _by_kind(waiting.events, kinds):
                self._metrics.events.commit_latency[kind].observe(now - waiting.since, count)
        for kind, count in written.persisted.items():
            self._metrics.events.persisted[kind].inc(count)
        for kind, count in written.deduplicated.items():
            self._metrics.events.deduplicated[kind].inc(count)
        for kind, count in written.merged.items():
            self._metrics.events.merge(kind, count)
        self._metrics.calls.add(written.traffic)
        self._metrics.writer.batch_events.observe(events)
        self._committed(batch[-1])

    def _committed(self, last: Waiting) -> None:
        self._see_to_files()
        if last.is_last:
            self._recorder.settled(last.ticket)
            self._recorder.stored(self._store.safe)
        self._metrics.writer.last_commit.set_to_current_time()
        self.last_commit = time.time()
        self._losing = None

    def _see_to_files(self) -> None:
        if self._store.files != self._files:
            self._files = self._store.files
            self._recorder.start_over()

    def _mark_of(self, batch: Sequence[Waiting]) -> Mark | None:
        """None once anything was left in the journal: what comes later must not settle it."""
        return None if self.left else mark_of(batch)

    async def _split(self, batch: Sequence[Waiting], settled: Settled, refusal: Refused) -> None:
        if self._retry.is_giving_up:  # to find the culprit would take a transaction an event
            return self.leave(batch, settled)
        if len(batch) == 1:
            batch = batch[0].singles()
        if len(batch) == 1:
            return await self._set_aside(batch[0], settled, refusal)
        middle = len(batch) // 2
        await self.write(batch[:middle], settled)
        await self.write(batch[middle:], settled)

    async def _set_aside(self, one: Waiting, settled: Settled, refusal: Refused) -> None:
        """Return when a refused event is counted, as dead-lettered or as dropped."""
        event, put = one.events[0], self._store.set_aside
        try:
            aside = await self._retry.commit(put, event, refusal.detail, self._mark_of([one]))
        except Refused as error:
            self._lose(one, f"the store refuses an event and its dead letter: {error}")
        else:
            if aside is None:
                return self.leave([one], settled)
            if aside == "full":
                self._lose(one, _FULL)
            else:
                self._kept(one, aside, refusal)
        settled([one])

    def _kept(self, one: Waiting, aside: Aside, refusal: Refused) -> None:
        kind, metrics = one.events[0].kind, self._metrics
        counter = (
            metrics.events.deduplicated if aside == "deduplicated" else metrics.events.dead_lettered
        )
        counter[kind].inc()
        self._committed(one)
        self._said.discard(_FULL)
        self._say(logging.WARNING, f"the store refuses an event, kept as a dead letter: {refusal}")

    def _lose(self, one: Waiting, why: str) -> None:
        self._drop([one], "write_failed")
        self._losing = why
        self._say(logging.ERROR, why)

    def _say(self, level: int, text: str) -> None:
        """Log `text` once, not once an event."""
        if text not in self._said:
            self._said.add(text)
            logger.log(level, "%s", text)


def _by_kind(events: Sequence[Event], kinds: Collection[str]) -> Iterable[tuple[str, int]]:
    """How many are of each kind. Of the one kind that most batches are of, none is looked at."""
    if len(kinds) == 1:
        return [(kind, len(events)) for kind in kinds]
    return Counter(event.kind for event in events).items()
