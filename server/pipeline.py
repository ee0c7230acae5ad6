"""The bounded queue between the handlers and the store, and its one consumer."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from datetime import timedelta

import tornado.util
from tornado.queues import Queue

from .events import Event, Group
from .footprint import footprint
from .metrics import Metrics
from .writer import Waiting, Writer

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
"""From one batch to the next under load. A commit writes the last 16 KiB page of every index
whether it adds one row or many: at 2,500 requests/s an event cost the writer's thread 71 us of
CPU without this pause, 38 us with 20 ms, 31 us with 50 ms, 24 us with 100 ms."""

LAST_TRY_SECONDS = 5.0
"""Longest wait, at a stop, for the batch that is being written when the time is up."""


class Pipeline:
    """Takes Events without ever waiting, and writes them in batches. Lives on the event loop.

    A lone event is written at once. While one batch is written the next gathers, for at least
    GATHER_SECONDS from one batch to the next, so that batches grow under load.
    """

    def __init__(
        self,
        writer: Writer,
        metrics: Metrics,
        *,
        queue_events: int,
        queue_bytes: int,
        batch_events: int,
    ) -> None:
        self._writer = writer
        self._max_events, self._max_bytes = queue_events, queue_bytes
        self._batch_events = batch_events
        self._queue: Queue[Waiting] = Queue(maxsize=queue_events)
        self._bytes = 0
        self._events = 0
        self._oldest: float | None = None
        self._last_batch = 0.0
        self._stopping = False
        self._consumer: asyncio.Task[None] | None = None
        metrics.queue_capacity_events.set(queue_events)
        metrics.queue_capacity_bytes.set(queue_bytes)
        metrics.queue_events.set_function(lambda: self._events)
        metrics.queue_bytes.set_function(lambda: self._bytes)
        metrics.queue_oldest_age.set_function(self.oldest_age)

    async def start(self) -> None:
        """Open the store and start consuming. Raises `store.Unusable`."""
        await self._writer.open()
        self._consumer = asyncio.create_task(self._consume())
        self._consumer.add_done_callback(self._consumer_ended)

    def offer(self, groups: Sequence[Group]) -> list[str | None]:
        """Put all Events of a group onto the queue, or none: None, or why not. Never waits."""
        if self._stopping:
            return ["shutting_down"] * len(groups)
        taken: list[tuple[Event, int]] = []
        fates = [self._admit(group, taken) for group in groups]
        now = time.monotonic()
        together = self._together()
        for start in range(0, len(taken), together):
            events, sizes = zip(*taken[start : start + together], strict=True)
            self._queue.put_nowait(Waiting(events, sum(sizes), now))
        return fates

    def _admit(self, group: Group, taken: list[tuple[Event, int]]) -> str | None:
        sized = [(event, footprint(event)) for event in group]
        events, used = self._events + len(sized), self._bytes + sum(size for _, size in sized)
        if events > self._max_events or used > self._max_bytes:
            return "queue_full"
        self._events, self._bytes = events, used
        taken += sized
        return None

    def depth(self) -> int:
        """Events that are accepted and not settled: waiting, or in the batch being written."""
        return self._events

    def oldest_age(self) -> float:
        """Seconds since the oldest unsettled event was accepted; 0 when there is none."""
        oldest = self._oldest  # read once: a scrape looks from another thread
        return time.monotonic() - oldest if oldest is not None else 0.0

    def not_ready(self) -> str | None:
        """Why events are not being taken, or None while they are."""
        if self._stopping:
            return "stopping"
        if self._consumer is None:
            return "starting"
        return "the consumer is dead" if self._consumer.done() else None

    async def drain(self) -> None:
        """Wait until every accepted event is settled."""
        await self._queue.join()

    async def stop(self, drain_seconds: float) -> None:
        """Refuse what comes, write what is queued, close the store.

        What is not written in `drain_seconds` is counted as dropped, `shutdown_timeout`; a tenth
        of that time is for the last try and for closing.
        """
        self._stopping = True
        await self._wait_for_consumer(0.9 * drain_seconds)
        self._writer.give_up()
        left = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        self._writer.drop(left, "shutdown_timeout")
        self._settle(left)
        self._done(left)
        await self._wait_for_consumer(LAST_TRY_SECONDS)
        if lost := self._writer.lost:
            logger.error("%d accepted events could not be stored and are lost", lost)
        if self._consumer is not None:
            self._consumer.cancel()  # so it is idle in get(), never in a write
        await self._writer.close()

    async def _wait_for_consumer(self, seconds: float) -> None:
        if self._consumer is None or self._consumer.done():
            return
        with contextlib.suppress(tornado.util.TimeoutError):
            await self._queue.join(timeout=timedelta(seconds=seconds))

    async def _consume(self) -> None:
        while True:
            first = await self._queue.get()
            self._oldest = first.since
            await self._gather()
            batch = self._batch(first)
            await self._writer.write(batch, self._settle)
            self._done(batch)
            self._oldest = None

    def _batch(self, first: Waiting) -> list[Waiting]:
        """`first` and what else is waiting, up to `batch_events`."""
        batch, room = [first], self._batch_events - len(first.events)
        while room >= self._together() and not self._queue.empty():
            batch.append(self._queue.get_nowait())
            room -= len(batch[-1].events)
        return batch

    async def _gather(self) -> None:
        """Give a batch time to grow, unless it is full already or the last one is long ago."""
        wait = self._last_batch + GATHER_SECONDS - time.monotonic()
        if wait > 0 and self._events < self._batch_events:
            await asyncio.sleep(wait)
        self._last_batch = time.monotonic()

    def _together(self) -> int:
        """Most events in one entry of the queue, so that a batch is filled to four fifths."""
        return max(1, self._batch_events // 5)

    def _settle(self, batch: Sequence[Waiting]) -> None:
        for waiting in batch:
            self._events -= len(waiting.events)
            self._bytes -= waiting.size

    def _done(self, batch: Sequence[Waiting]) -> None:
        for _ in batch:
            self._queue.task_done()

    def _consumer_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            died_of = type(task.exception()).__name__
            logger.critical("the consumer died, nothing is stored any more: %s", died_of)
