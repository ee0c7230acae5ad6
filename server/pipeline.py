"""The bounded queue between the handlers and the store, and its one consumer."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import NamedTuple

import tornado.util
from tornado.queues import Queue

from .events import Event, Group
from .footprint import footprint
from .metrics import Metrics
from .recording.recorder import Recorder
from .recording.replay import Replay
from .recording.unrecorded import Unrecorded
from .waiting import Waiting
from .writer import Writer

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
"""From one batch to the next under load. A commit writes the last 16 KiB page of every index
whether it adds one row or many: at 2,500 requests/s an event cost the writer's thread 71 us of
CPU without this pause, 38 us with 20 ms, 31 us with 50 ms, 24 us with 100 ms."""

FLUSH_SECONDS = 0.02
"""Longest wait of a batch for the journal's thread, so that it knows what is settled."""
LOOK_SECONDS = 1.0
"""With nothing to write, from one look at the store to the next."""


class Offered(NamedTuple):
    """What became of groups: None for each that was accepted, or why it was not.

    `covered` is to be awaited before they are answered for, where there is something to await.
    """

    fates: list[str | None]
    covered: Awaitable[None] | None


class Pipeline:
    """Takes Events without ever waiting, and writes them in batches. Lives on the event loop.

    A lone event is written at once. While one batch is written the next gathers, for at least
    GATHER_SECONDS from one batch to the next, so that batches grow under load.
    """

    def __init__(
        self,
        writer: Writer,
        recorder: Recorder | Unrecorded,
        replay: Replay,
        metrics: Metrics,
        *,
        queue_events: int,
        queue_bytes: int,
        batch_events: int,
    ) -> None:
        self._writer, self._recorder, self._replay = writer, recorder, replay
        self._metrics = metrics
        self._max_events, self._max_bytes = queue_events, queue_bytes
        self._batch_events = batch_events
        self._queue: Queue[Waiting] = Queue(maxsize=queue_events)
        self._bytes = 0
        self._events = 0
        self._oldest: float | None = None
        self._last_batch = 0.0
        self._stopping = False
        self._hurry = asyncio.Event()
        self._consumer: asyncio.Task[None] | None = None
        metrics.queue_capacity_events.set(queue_events)
        metrics.queue_capacity_bytes.set(queue_bytes)
        metrics.queue_events.set_function(lambda: self._events)
        metrics.queue_bytes.set_function(lambda: self._bytes)
        metrics.queue_oldest_age.set_function(self.oldest_age)

    async def start(self) -> None:
        """Open the store, bring it up to the journal, start consuming. Raises `store.Unusable`."""
        marks, replay = await self._writer.open(), self._replay
        await replay.run(marks, self._take_back, lambda: self._writer.trouble or "")
        if replay.found and await self._writer.checkpoint():
            await asyncio.to_thread(replay.discard)
        self._recorder.start(replay.next_number)
        self._consumer = asyncio.create_task(self._consume())
        self._consumer.add_done_callback(self._consumer_ended)

    def offer(self, groups: Sequence[Group]) -> Offered:
        """Put all Events of a group onto the queue, or none. Never waits."""
        if self._stopping:
            return Offered(["shutting_down"] * len(groups), None)
        taken: list[tuple[Event, int]] = []
        fates = [self._admit(group, taken) for group in groups]
        return Offered(fates, self._put(taken) if taken else None)

    def _put(self, taken: Sequence[tuple[Event, int]]) -> Awaitable[None] | None:
        now, together = time.monotonic(), self._together()
        parts = [taken[start : start + together] for start in range(0, len(taken), together)]
        chunks = [[event for event, _ in part] for part in parts]
        tickets, covered = self._recorder.record(chunks)
        for part, events, ticket in zip(parts, chunks, tickets, strict=True):
            self._queue.put_nowait(Waiting(events, sum(size for _, size in part), now, ticket))
        return covered

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

    def hurry(self) -> None:
        """Let a stop not wait for the store any longer."""
        self._hurry.set()

    async def stop(self, drain_seconds: float) -> bool:
        """Refuse what comes, write what is queued, close the store; whether nothing hangs.

        All in `drain_seconds`, and a moment. What is not written by then stays in the journal;
        without one it is counted as dropped, `shutdown_timeout`.
        """
        self._stopping = True
        moment = max(0.1 * drain_seconds, 0.1)
        drain = max(0.5 * drain_seconds, drain_seconds - 4 * moment)
        await self._settled(drain, self._hurry.wait())
        left = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        self._done(left)
        self._writer.give_up()
        await self._settled(moment)
        await self._recorder.flush(moment)
        self._writer.abandon()
        await self._end_consumer()
        self._leave(left)
        return await self._close(moment)

    async def _settled(self, seconds: float, *ends: Awaitable[object]) -> None:
        """Wait until all events are settled that were not taken away, for an end, or so long."""
        waits = [asyncio.ensure_future(one) for one in (self._queue.join(), *ends)]
        if self._consumer is not None and not self._consumer.done():
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _end_consumer(self) -> None:
        if self._consumer is not None:
            await self._settled(1)
            self._consumer.cancel()  # so it is idle in get(), never in a write
            await asyncio.wait({self._consumer})

    def _leave(self, left: Sequence[Waiting]) -> None:
        self._writer.leave(left, self._settle)
        if lost := self._writer.lost:
            logger.error("%d accepted events could not be stored and are lost", lost)
        if kept := self._writer.left:
            logger.warning("%d accepted events are left in the journal, for the next start", kept)

    async def _close(self, seconds: float) -> bool:
        is_safe = await self._writer.close(seconds)
        is_empty = bool(is_safe) and self._events == 0
        done = await self._recorder.close(is_empty=is_empty, seconds=seconds)
        if is_empty:
            await asyncio.to_thread(self._replay.discard)
        return done and is_safe is not None

    async def _take_back(self, batch: list[Waiting]) -> bool:
        """Store what an earlier process had accepted; False where this one is to stop."""
        for waiting in batch:
            self._events += len(waiting.events)
            self._bytes += waiting.size
            for event in waiting.events:
                self._metrics.replayed[event.kind].inc()
        await self._writer.write(batch, self._settle)
        return not self._stopping

    async def _consume(self) -> None:
        while True:
            first = await self._next()
            self._oldest = first.since
            await self._gather()
            batch = self._batch(first)
            if batch[-1].ticket.number is None:
                await self._recorder.flush(FLUSH_SECONDS)
            await self._writer.write(batch, self._settle)
            self._done(batch)
            self._oldest = None

    async def _next(self) -> Waiting:
        while True:
            with contextlib.suppress(tornado.util.TimeoutError):
                return await self._queue.get(timeout=timedelta(seconds=LOOK_SECONDS))
            await self._writer.look()

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
