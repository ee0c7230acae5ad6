"""The one consumer of the queue: takes what waits there and has it written, batch by batch."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Sequence
from datetime import timedelta

import tornado.util

from .recording.recorder import Recorder
from .recording.unrecorded import Unrecorded
from .unsettled import Unsettled
from .waiting import Waiting, Waitings
from .writer import Writer

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
"""From one batch to the next under load. A commit writes the last 16 KiB page of every index
whether it adds one row or many: at 2,500 requests/s an event cost the writer's thread 71 us of
CPU without this pause, 38 us with 20 ms, 31 us with 50 ms, 24 us with 100 ms."""

MANY = 20
"""Events that have a batch gather for as long again: below that nobody notices what they cost. It
took a fifth off a row at 1,500 requests/s, and a quarter off one whose ids have no order."""

BATCH_BYTES = 2 * 2**20
"""A batch that has come to this takes no more: its transaction holds the thread, and the log."""

FLUSH_SECONDS = 0.02
"""Longest wait of a batch for the journal's thread, so that it knows what is settled."""


class Consumer:
    """Lives on the event loop, as long as it is not ended; nothing that fails ends it.

    A lone event is written at once. While one batch is written the next gathers, for at least
    GATHER_SECONDS from one batch to the next, so that batches grow under load; twice that of MANY,
    while the queue has room.
    """

    def __init__(
        self,
        queue: Waitings,
        writer: Writer,
        recorder: Recorder | Unrecorded,
        unsettled: Unsettled,
        batch_events: int,
    ) -> None:
        self._queue, self._writer, self._recorder = queue, writer, recorder
        self._unsettled, self._batch_events = unsettled, batch_events
        self._last_batch = 0.0
        self._task: asyncio.Task[None] | None = None
        self._taken_since: float | None = None
        self.together = max(1, batch_events // 5)
        """Most events in one entry of the queue, so that a batch is filled to four fifths."""

    def start(self) -> None:
        """Begin. Call on the running loop."""
        self._task = asyncio.create_task(self._consume())
        self._task.add_done_callback(self._ended)

    def not_ready(self) -> str | None:
        """Why nothing is consumed, or None while it is."""
        if self._task is None:
            return "starting"
        return "the consumer is dead" if self._task.done() else None

    def oldest(self) -> float | None:
        """Since when (monotonic seconds) the oldest unsettled event waits; None without any.

        For any thread: what is taken from the queue between the two looks is seen by the first.
        """
        waiting, taken = self._queue.oldest(), self._taken_since
        return waiting if taken is None else taken

    async def finish(self, seconds: float, *ends: Awaitable[object]) -> None:
        """Wait until all in the queue is settled, for one of `ends`, or for so long."""
        waits = [asyncio.ensure_future(one) for one in (self._queue.join(), *ends)]
        if self.not_ready() is None:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    def take_away(self) -> list[Waiting]:
        """All that waits in the queue, which is empty then."""
        left = [self._queue.get_nowait() for _ in range(self._queue.qsize())]
        self._done(left)
        return left

    async def end(self) -> None:
        """Return when it is idle, after the writer was told to abandon its call, and ended."""
        if self._task is not None:
            await self.finish(1)
            self._task.cancel()  # so it is idle in get(), never in a write
            await asyncio.wait({self._task})

    async def _consume(self) -> None:
        while True:
            first = await self._next()
            self._taken_since = first.since
            await self._gather()
            batch = self._batch(first)
            if batch[-1].ticket.number is None:
                await self._recorder.flush(FLUSH_SECONDS)
            await self._writer.write(batch, self._unsettled.settle)
            self._done(batch)
            self._taken_since = None
            await self._writer.upkeep.after_batch(sum(waiting.size for waiting in batch))

    async def _next(self) -> Waiting:
        upkeep = self._writer.upkeep
        while True:
            with contextlib.suppress(tornado.util.TimeoutError):
                return await self._queue.get(timeout=timedelta(seconds=upkeep.pause))
            if not upkeep.has_more:
                await self._writer.look()
            await upkeep.when_idle()

    async def _gather(self) -> None:
        """Give a batch time to grow, unless it is full already or the last one is long ago."""
        await self._wait(GATHER_SECONDS)
        if self._unsettled.events >= MANY and not self._unsettled.is_filling():
            await self._wait(2 * GATHER_SECONDS)
        self._last_batch = time.monotonic()

    async def _wait(self, seconds: float) -> None:
        """Until so long after the last batch."""
        wait = self._last_batch + seconds - time.monotonic()
        is_full = (
            self._unsettled.events >= self._batch_events or self._unsettled.bytes >= BATCH_BYTES
        )
        if wait > 0 and not is_full:
            await asyncio.sleep(wait)

    def _batch(self, first: Waiting) -> list[Waiting]:
        """`first` and what else is waiting, up to `batch_events` and BATCH_BYTES."""
        batch, room = [first], self._batch_events - len(first.events)
        left = BATCH_BYTES - first.size
        while room >= self.together and left > 0 and not self._queue.empty():
            batch.append(self._queue.get_nowait())
            room -= len(batch[-1].events)
            left -= batch[-1].size
        return batch

    def _done(self, batch: Sequence[Waiting]) -> None:
        for _ in batch:
            self._queue.task_done()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            died_of = type(task.exception()).__name__
            logger.critical("the consumer died, nothing is stored any more: %s", died_of)
