"""Appends records to the journal: on the event loop while the disk is quick, else in a thread."""

import asyncio
import contextlib
import errno
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tornado.ioloop import IOLoop

from ..journal.journal import Journal
from ..metrics import Metrics
from ..waiting import Ticket
from .backlog import Backlog

logger = logging.getLogger(__name__)

SECONDS_A_BYTE = 1e-8
"""What a write may take longer, by its size: checksums and copies, on a busy machine."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries in the thread: doubled from the first to the longest."""

_REASONS = {errno.ENOSPC: "disk_full", errno.EDQUOT: "disk_full", errno.EFBIG: "disk_full"}

T = TypeVar("T")


class Scribe:
    """Owns the journal and its one thread. Lives on the event loop."""

    def __init__(
        self,
        journal: Journal,
        metrics: Metrics,
        *,
        slow_seconds: float,
        in_thread: bool,
        syncs_each: bool,
    ) -> None:
        """A write over `slow_seconds` is followed by writes in the thread, until one is quicker.

        `in_thread`: all are made there. `syncs_each`: a write is done when it is synced.
        """
        self._journal, self._metrics = journal, metrics
        self._slow_seconds, self._in_thread = slow_seconds, in_thread
        self._syncs_each = syncs_each
        self._due: float | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._backlog = Backlog()
        self._catching_up: asyncio.Task[None] | None = None
        self._group: asyncio.Future[None] | None = None
        self._settled = self._settled_bytes = self._written_bytes = 0
        self._is_told = False
        metrics.journal_bytes.set_function(lambda: self._written_bytes - self._settled_bytes)
        self.trouble: str | None = None
        """What keeps records from the journal, or kept the last one; None while all is well."""

    @property
    def is_busy(self) -> bool:
        """Whether the thread is to write, since it has not caught up."""
        return self._catching_up is not None

    def write(self, tickets: Sequence[Ticket]) -> None:
        """Append on the loop, now; what fails is handed over."""
        try:
            first, took = self._append([ticket.payload for ticket in tickets])
        except Exception as error:  # noqa: BLE001 whatever it is, the event is taken
            self.fail(error)
            self.hand_over(tickets)
            return
        if self._note(tickets, first, took):
            self.hand_over([])

    def hand_over(self, tickets: Sequence[Ticket]) -> "asyncio.Future[None]":
        """Have the thread append, where there is room; what is done when it has, or has failed."""
        self._backlog.add(tickets)
        if self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up())
        if self._group is None:
            self._group = asyncio.get_running_loop().create_future()
        return self._group

    def settle(self, last: Ticket) -> None:
        """Nobody needs to have the tickets up to `last` written any more."""
        self._settled = last.order
        self._settled_bytes = max(self._settled_bytes, last.end)

    def is_stuck(self) -> bool:
        """Whether the thread did not get its last write done, or is too long at one; then said."""
        due = self._due  # read once: the thread takes it away
        if due is not None and time.monotonic() > due:
            self.say(f"is behind: a write takes over {self._slow_seconds * 1000:.0f} ms")
        return self.trouble is not None

    def fail(self, error: Exception) -> None:
        """Count and remember what went wrong."""
        code, said = 0, type(error).__name__  # what else it says may quote an event
        if isinstance(error, OSError):
            code, said = error.errno or 0, error.strerror or str(error)
        self._metrics.journal_errors[_REASONS.get(code, "io_error")].inc()
        self.say(f"cannot be written: {said}")

    def say(self, trouble: str) -> None:
        """Remember a trouble until the thread has caught up, and log it when it comes."""
        self.trouble = trouble
        if not self._is_told:
            self._is_told = True
            logger.warning("the journal %s; events are answered before it has them", trouble)

    async def in_thread(self, call: Callable[..., T], *arguments: object) -> T:
        """What `call` returns or raises."""
        return await IOLoop.current().run_in_executor(self._thread, call, *arguments)

    async def flush(self, seconds: float) -> None:
        """Wait until the thread has caught up, or for that long."""
        if self._catching_up is not None:
            await asyncio.wait({self._catching_up}, timeout=seconds)

    async def close(self, *, is_empty: bool, seconds: float) -> bool:
        """End the journal, and remove it where it is empty; whether that took no longer."""
        if self._catching_up is not None:
            self._catching_up.cancel()
        with contextlib.suppress(TimeoutError):
            closing = self.in_thread(self._journal.close, is_empty)
            await asyncio.wait_for(closing, seconds)
            return True
        return False

    async def _catch_up(self) -> None:
        """Write what waits. Return with nothing waiting, and a quick write as the last.

        What came during that one is written on the loop: under load there is always some.
        """
        pause = FIRST_PAUSE
        while True:
            group, done = self._backlog.take(self._settled), self._group
            self._group = None
            is_written = await self._write_group(group)
            if done is not None:
                done.set_result(None)
            if is_written:
                pause = FIRST_PAUSE
            else:
                self._backlog.put_back(group)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            if self.trouble is None and not (self._in_thread and self._backlog):
                break
            if not self._backlog:
                await asyncio.sleep(FIRST_PAUSE)
        self._catching_up = None
        if self._backlog:
            self.write(self._backlog.take(self._settled))

    async def _write_group(self, group: Sequence[Ticket]) -> bool:
        payloads = [ticket.payload for ticket in group] or [b""]  # an empty one to try the disk
        self._due = time.monotonic() + self._allowed(group)
        try:
            first, took = await self.in_thread(self._append, payloads)
        except Exception as error:  # noqa: BLE001 whatever it is, the task must live
            self.fail(error)
            return False
        if self._note(group, first, took):
            self.say(f"is behind: a write took {took * 1000:.0f} ms")
        else:
            self._recovered()
        return True

    def _append(self, payloads: Sequence[bytes]) -> tuple[int, float]:
        """The number of the first, and the seconds it took. On the loop or in the thread."""
        start = time.monotonic()
        try:
            first = self._journal.append(payloads)
            if self._syncs_each:
                self._journal.sync()
            return first, time.monotonic() - start
        finally:
            self._due = None

    def _note(self, tickets: Sequence[Ticket], first: int, took: float) -> bool:
        """Tell the tickets where they stand; whether it took too long."""
        self._metrics.journal_write.observe(took)
        for number, ticket in enumerate(tickets, first):
            self._written_bytes += ticket.size
            ticket.journal, ticket.payload = self._journal.id, b""
            ticket.number, ticket.end = number, self._written_bytes
            if ticket.order <= self._settled:
                self._settled_bytes = ticket.end
        return took > self._allowed(tickets)

    def _allowed(self, tickets: Sequence[Ticket]) -> float:
        return self._slow_seconds + SECONDS_A_BYTE * sum(ticket.size for ticket in tickets)

    def _recovered(self) -> None:
        self.trouble = None
        if self._is_told:
            self._is_told = False
            logger.info("the journal covers events again")
