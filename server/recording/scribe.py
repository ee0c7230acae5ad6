"""Appends records to the journal: on the event loop while the disk is quick, else in a thread."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tornado.ioloop import IOLoop

from ..journal.journal import Journal
from ..metrics.journal import JournalMetrics
from ..waiting import Ticket
from .backlog import Backlog
from .outstanding import Outstanding
from .trouble import Trouble

SECONDS_A_BYTE = 1e-8
"""What a write may take longer, by its size: checksums and copies, on a busy machine."""
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 1.0
"""Seconds between two tries in the thread: doubled from the first to the longest."""

T = TypeVar("T")


class Scribe:
    """Owns the journal and its one thread. Lives on the event loop."""

    def __init__(
        self,
        journal: Journal,
        metrics: JournalMetrics,
        *,
        slow_seconds: float,
        in_thread: bool,
        sync: str,
    ) -> None:
        """After writes over `slow_seconds` on the loop the thread writes, until it is quicker.

        `in_thread`: it always does, and a slow write that is done is no trouble. `sync` is off,
        interval or always.
        """
        self._journal, self._metrics, self._sync = journal, metrics, sync
        self._slow_seconds, self._in_thread = slow_seconds, in_thread
        self._slow_in_a_row = 0
        self._due: float | None = None
        self._starts_over = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._backlog = Backlog()
        self._catching_up: asyncio.Task[None] | None = None
        self._group: asyncio.Future[None] | None = None
        self._bytes = 0
        self.outstanding = Outstanding()
        self.trouble = Trouble(metrics)
        metrics.bytes.set_function(lambda: self._bytes - self.outstanding.end)

    @property
    def is_busy(self) -> bool:
        """Whether the thread is to write, since it has not caught up."""
        return self._catching_up is not None

    def write(self, tickets: Sequence[Ticket]) -> None:
        """Append on the loop, now; what fails is handed over."""
        try:
            first, took = self._append([ticket.payload for ticket in tickets])
        except Exception as error:  # noqa: BLE001 whatever it is, the event is taken
            self.trouble.fail(error)
            self.hand_over(tickets)
            return
        self._note(tickets, first, took)
        if self._is_loop_held(took, tickets):
            self.hand_over([])

    def hand_over(self, tickets: Sequence[Ticket]) -> "asyncio.Future[None]":
        """Have the thread append, where there is room; what is done when it has, or has failed."""
        self._backlog.add(tickets)
        if self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up())
        if self._group is None:
            self._group = asyncio.get_running_loop().create_future()
        return self._group

    def start_over(self) -> None:
        """Let the next record be the first of another journal."""
        self._starts_over = True

    def is_stuck(self) -> bool:
        """Whether the thread did not get its last write done, or is too long at one; then said."""
        due = self._due  # read once: the thread takes it away
        if due is not None and time.monotonic() > due:
            self.trouble.say("is behind: a write takes too long")
        return self.trouble.said is not None

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
            done, self._group = self._group, None
            await self._write_group()
            if done is not None:
                done.set_result(None)
            if self.trouble.said is None:
                pause = FIRST_PAUSE
                if not (self._in_thread and self._backlog):
                    break
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        self._catching_up = None
        if self._backlog:
            self._write_rest()

    async def _write_group(self) -> None:
        group = self._backlog.take(self.outstanding.order)
        payloads = [ticket.payload for ticket in group] or [b""]  # an empty one to try the disk
        self._due = time.monotonic() + self._allowed(group)
        try:
            first, took = await self.in_thread(self._append, payloads)
        except Exception as error:  # noqa: BLE001 whatever it is, the task must live
            self._backlog.put_back(group)
            self.trouble.fail(error)
            return
        self._note(group, first, took)
        if took > self._allowed(group) and not self._in_thread:
            self.trouble.say(f"is behind: a write took {took * 1000:.0f} ms")
        else:
            self.trouble.over()

    def _write_rest(self) -> None:
        done, self._group = self._group, None
        self.write(self._backlog.take(self.outstanding.order))
        if done is not None:
            done.set_result(None)

    def _append(self, payloads: Sequence[bytes]) -> tuple[int, float]:
        """The number of the first, and the seconds it took. On the loop or in the thread.

        Synced, too, where a failure may have been the sync's.
        """
        start = time.monotonic()
        try:
            if self._starts_over:
                self._starts_over = False
                self._journal.start_over()
            first = self._journal.append(payloads)
            if self._sync == "always" or (self._sync == "interval" and self.trouble.said):
                self._journal.sync()
            return first, time.monotonic() - start
        finally:
            self._due = None

    def _note(self, tickets: Sequence[Ticket], first: int, took: float) -> None:
        """Tell the tickets where they stand."""
        self._metrics.write.observe(took)
        for number, ticket in enumerate(tickets, first):
            self._bytes += ticket.size
            ticket.journal, ticket.payload = self._journal.id, b""
            ticket.number, ticket.end = number, self._bytes
            self.outstanding.note(ticket)

    def _allowed(self, tickets: Sequence[Ticket]) -> float:
        return self._slow_seconds + SECONDS_A_BYTE * sum(ticket.size for ticket in tickets)

    def _is_loop_held(self, took: float, tickets: Sequence[Ticket]) -> bool:
        """By the disk, as two slow writes in a row show, or one that is very slow."""
        slow = 0
        if took > self._slow_seconds:  # else it is less than what is allowed
            allowed = self._allowed(tickets)
            slow = (took > allowed) + (took > 4 * allowed)
        self._slow_in_a_row = slow and self._slow_in_a_row + slow
        return self._slow_in_a_row >= 2
