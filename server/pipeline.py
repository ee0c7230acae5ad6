"""The bounded queue between the handlers and the store."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import NamedTuple

from .consumer import Consumer
from .events import Event, Group
from .footprint import footprint
from .metrics import Metrics
from .recording.recorder import Recorder
from .recording.replay import Replay
from .recording.unrecorded import Unrecorded
from .unsettled import Unsettled
from .waiting import Waiting, Waitings
from .writer import Writer

logger = logging.getLogger(__name__)


class Offered(NamedTuple):
    """What became of groups: None for each that was accepted, or why it was not.

    `covered` is to be awaited before they are answered for, where there is something to await.
    """

    fates: list[str | None]
    covered: Awaitable[None] | None


class Pipeline:
    """Takes Events without ever waiting, and has them written. Lives on the event loop."""

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
        self._unsettled = Unsettled(queue_events, queue_bytes, metrics.queue)
        self._queue = Waitings(maxsize=queue_events)
        self._consumer = Consumer(self._queue, writer, recorder, self._unsettled, batch_events)
        self._stopping = False
        self._hurry = asyncio.Event()
        metrics.queue.oldest_age.set_function(self.oldest_age)

    async def start(self) -> None:
        """Open the store, bring it up to the journal, start consuming. Raises `store.Unusable`."""
        marks, replay = await self._writer.open(), self._replay
        await self._writer.upkeep.after_batch()  # the last one of a process that was killed
        await replay.run(marks, self._take_back, lambda: self._writer.trouble or "")
        if replay.found and await self._writer.checkpoint():
            await asyncio.to_thread(replay.discard)
        self._recorder.start(replay.next_number)
        self._consumer.start()

    def offer(self, groups: Sequence[Group], *, whole: bool = False) -> Offered:
        """Put all Events of a group onto the queue, or none. Never waits.

        `whole`: all of the groups or none; but of more than the queue can ever hold what fits now.
        """
        if self._stopping:
            return Offered(["shutting_down"] * len(groups), None)
        events = [event for group in groups for event in group]
        sizes = list(map(footprint, events))
        fates: list[str | None] = [None] * len(groups)
        if not self._unsettled.admit_all(sizes):
            admit = self._unsettled.admit_whole if whole else self._unsettled.admit
            admitted = admit(groups)
            fates = [None if sized else "queue_full" for sized in admitted]
            events = [event for sized in admitted for event, _ in sized]
            sizes = [size for sized in admitted for _, size in sized]
        return Offered(fates, self._put(events, sizes) if events else None)

    def depth(self) -> int:
        """Events that are accepted and not settled: waiting, or in the batch being written."""
        return self._unsettled.events

    def oldest_age(self) -> float:
        """Seconds since the oldest unsettled event was accepted; 0 when there is none."""
        oldest = self._consumer.oldest()
        return time.monotonic() - oldest if oldest is not None else 0.0

    def not_ready(self) -> str | None:
        """Why events are not being taken, or None while they are."""
        return "stopping" if self._stopping else self._consumer.not_ready()

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
        moment = max(0.05 * drain_seconds, 0.1)
        drain = max(0.5 * drain_seconds, drain_seconds - 4 * moment)
        await self._consumer.finish(drain, self._hurry.wait())
        left = self._consumer.take_away()
        self._writer.give_up()
        await self._consumer.finish(moment)
        await self._recorder.flush(moment)
        self._writer.abandon()
        await self._consumer.end()
        self._leave(left)
        return await self._close(moment)

    def _put(self, events: Sequence[Event], sizes: Sequence[int]) -> Awaitable[None] | None:
        now, together = time.monotonic(), self._consumer.together
        places = range(0, len(events), together)
        chunks = [events[at : at + together] for at in places]
        tickets, covered = self._recorder.record(chunks)
        for at, chunk, ticket in zip(places, chunks, tickets, strict=True):
            size = sum(sizes[at : at + together])
            self._queue.put_nowait(Waiting(chunk, size, now, ticket))
        return covered

    async def _take_back(self, batch: list[Waiting]) -> bool:
        """Store what an earlier process had accepted; False where this one is to stop."""
        self._unsettled.add(batch)
        kinds = Counter(event.kind for waiting in batch for event in waiting.events)
        for kind, count in kinds.items():
            self._metrics.events.replayed[kind].inc(count)
        await self._writer.write(batch, self._unsettled.settle)
        await self._writer.upkeep.after_batch(sum(waiting.size for waiting in batch))
        return not self._stopping

    def _leave(self, left: Sequence[Waiting]) -> None:
        self._writer.leave(left, self._unsettled.settle)
        if lost := self._writer.lost:
            logger.error("%d accepted events could not be stored and are lost", lost)
        if kept := self._writer.left:
            logger.warning("%d accepted events are left in the journal, for the next start", kept)

    async def _close(self, seconds: float) -> bool:
        is_safe = await self._writer.close(seconds)
        is_empty = bool(is_safe) and self.depth() == 0
        done = await self._recorder.close(is_empty=is_empty, seconds=seconds)
        if is_empty:
            await asyncio.to_thread(self._replay.discard)
        return done and is_safe is not None
