"""Writes batches to the store until each of their events is settled, whatever fails meanwhile."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tornado.ioloop import IOLoop

from .events import Event
from .metrics import Metrics
from .store import Refused, Store, Unavailable, Written

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries of a batch: doubled from the first to the longest."""


class Waiting(NamedTuple):
    """An accepted event: its size in bytes, and when it was accepted (monotonic seconds)."""

    event: Event
    size: int
    since: float


Settled = Callable[[Sequence[Waiting]], None]


class Writer:
    """Owns the store and the one thread that may call it. Lives on the event loop."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store, self._metrics = store, metrics
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._giving_up = asyncio.Event()
        self.trouble: str | None = None
        """What is wrong with writing, since the last commit; None while writes succeed."""
        self.last_commit: float | None = None
        """Unix seconds of the last commit; None until there is one."""
        self.lost = 0
        """Accepted events that were dropped since the start."""
        metrics.last_commit.set_to_current_time()

    async def open(self) -> None:
        """Raises `store.Unusable`."""
        await IOLoop.current().run_in_executor(self._thread, self._store.open)

    async def write(self, batch: Sequence[Waiting], settled: Settled) -> None:
        """Return when each event of `batch` is counted as persisted, deduplicated or dropped.

        `settled` is called with the events of each part as they are counted. A passing failure
        is tried again for as long as it takes, until `give_up`. Where the store refuses an event,
        halving finds it, and the others are written.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                self._committed(batch, await self._try(batch))
                return settled(batch)
            except Refused as error:
                return await self._split(batch, settled, error)
            except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
                fault = _as_unavailable(error)
                self._note(f"the store cannot be written: {fault}")
                if self._giving_up.is_set():
                    self.drop(batch, "shutdown_timeout")
                    return settled(batch)
                self._metrics.retries[fault.reason].inc()
            await self._pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def drop(self, batch: Sequence[Waiting], reason: str) -> None:
        """Count accepted events as lost."""
        self.lost += len(batch)
        for one in batch:
            self._metrics.dropped[one.event.kind, "persist", reason].inc()

    def give_up(self) -> None:
        """Let the batch being written, and all later ones, have one more try only."""
        self._giving_up.set()

    async def close(self) -> None:
        """Close the store. Its idle thread ends with the process."""
        await IOLoop.current().run_in_executor(self._thread, self._store.close)

    async def _try(self, batch: Sequence[Waiting]) -> Written:
        events = [one.event for one in batch]
        start = time.monotonic()
        outcome = "error"
        try:
            written = await IOLoop.current().run_in_executor(
                self._thread, self._store.write, events
            )
            outcome = "ok"
            return written
        finally:
            self._metrics.flush[outcome].observe(time.monotonic() - start)

    def _committed(self, batch: Sequence[Waiting], written: Written) -> None:
        now = time.monotonic()
        for one in batch:
            self._metrics.commit_latency[one.event.kind].observe(now - one.since)
        for kind, count in written.persisted.items():
            self._metrics.persisted[kind].inc(count)
        for kind, count in written.deduplicated.items():
            self._metrics.deduplicated[kind].inc(count)
        self._metrics.batch_events.observe(len(batch))
        self._metrics.last_commit.set_to_current_time()
        self.last_commit = time.time()
        if self.trouble is not None:
            self.trouble = None
            logger.info("the store can be written again")

    async def _split(self, batch: Sequence[Waiting], settled: Settled, error: Refused) -> None:
        if len(batch) == 1:
            self._note(f"the store refuses an event, which is dropped: {error}")
            self.drop(batch, "write_failed")
            return settled(batch)
        middle = len(batch) // 2
        await self.write(batch[:middle], settled)
        await self.write(batch[middle:], settled)

    def _note(self, trouble: str) -> None:
        """Log a failure once, not once a try, and remember it until the next commit."""
        if self.trouble != trouble:
            logger.warning("%s", trouble)
        self.trouble = trouble

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._giving_up.wait(), seconds)


def _as_unavailable(error: Exception) -> Unavailable:
    """A store's own word, or for one that it has none for: the type, since the text may quote."""
    return error if isinstance(error, Unavailable) else Unavailable("other", type(error).__name__)
