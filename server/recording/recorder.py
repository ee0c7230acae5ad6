"""Has what was accepted in the journal before it is answered, without ever holding an answer up."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Sequence

from ..events import Event
from ..journal.journal import Journal
from ..metrics.journal import JournalMetrics
from ..overdue import Overdue
from ..store import Mark
from ..waiting import Ticket, Waiting
from .payload import encode
from .scribe import Scribe

logger = logging.getLogger(__name__)

SLOW_SECONDS = 0.005
"""Of a write on the loop: two such in a row, or one of four times that, move it to the thread. One
tells nothing: the interpreter itself may be away for as long (sys.getswitchinterval)."""
PATIENCE_SECONDS, SYNC_PATIENCE_SECONDS = 0.02, 0.1
"""Longest wait of an answer for a write in the thread; the second for a write with a sync."""
LARGE_BYTES = 2**20
"""A larger request is written in the thread: copies and checksums alone take the loop too long."""
LOOK_SECONDS = 1.0
"""From one look at the journal's file, and one sync of the mode `interval`, to the next."""
STUCK_SECONDS = 0.75
"""A look that waits longer for the thread, or takes longer, is told as trouble."""


class Recorder:
    """Gives tickets for events, and knows which are covered. Lives on the event loop.

    Inline, records are written on the loop; where the disk is slow or fails, in a thread, and
    events are answered before the journal has them, which is counted. In the modes `thread` and
    `always` it is the thread at all times, and answers wait for it, but not for long.
    """

    def __init__(
        self, journal: Journal, metrics: JournalMetrics, *, thread: bool, sync: str
    ) -> None:
        """`sync`: off, interval or always."""
        self._journal, self._metrics, self._sync = journal, metrics, sync
        self._waits = thread or sync == "always"
        self._patience = SYNC_PATIENCE_SECONDS if sync == "always" else PATIENCE_SECONDS
        self._scribe = Scribe(
            journal,
            metrics,
            slow_seconds=self._patience if self._waits else SLOW_SECONDS,
            in_thread=self._waits,
            sync=sync,
        )
        self._looking: asyncio.Task[None] | None = None
        self._overdue = Overdue(STUCK_SECONDS)
        self._forgetting: asyncio.Future[None] | None = None
        self._order = 0
        self._safe = 0

    @property
    def trouble(self) -> str | None:
        """Why events are answered uncovered, or may be; None while all is well. For any thread."""
        if said := self._scribe.trouble.said:
            return f"the journal {said}"
        if self._overdue:
            return f"the journal does not answer: a call takes over {STUCK_SECONDS} s"
        return None

    def start(self, first: int) -> None:
        """Begin the journal with the record of that number. Call on the running loop."""
        try:
            self._journal.begin(first)
        except OSError as error:
            self._scribe.trouble.fail(error)
            self._scribe.hand_over([])
        self._looking = asyncio.create_task(self._look())

    def record(
        self, chunks: Sequence[Sequence[Event]]
    ) -> tuple[list[Ticket], Awaitable[None] | None]:
        """A ticket for each of `chunks`, and what to await before they are answered for, if any."""
        tickets = [self._ticket(events) for events in chunks]
        scribe = self._scribe
        scribe.outstanding.add(tickets)
        is_large = sum([ticket.size for ticket in tickets]) > LARGE_BYTES
        if scribe.trouble.said is None and (self._waits or scribe.is_busy or is_large):
            return tickets, self._wait(scribe.hand_over(tickets), tickets)
        if scribe.is_busy:
            scribe.hand_over(tickets)
        else:
            scribe.write(tickets)
        if tickets[-1].number is None:  # none of them has one then
            self._count_uncovered(tickets)
        return tickets, None

    def settled(self, last: Ticket) -> None:
        """All events up to those of `last` are stored."""
        self._scribe.outstanding.settle(last)

    def stored(self, safe: Mark | None) -> None:
        """All events up to `safe` are, beyond any fault: their segments go, without any delay."""
        if safe is None or safe.journal != self._journal.id or safe.number <= self._safe:
            return
        self._safe = safe.number
        if self._forgetting is None or self._forgetting.done():
            self._forgetting = asyncio.ensure_future(self._scribe.in_thread(self._forget))

    def cover(self, waiting: Waiting) -> Waiting:
        """The same, in the journal if it was not and can be now."""
        if waiting.ticket.number is not None or self._scribe.is_busy:
            return waiting
        ticket = self._ticket(waiting.events)
        self._scribe.write([ticket])
        return waiting._replace(ticket=ticket)

    def start_over(self) -> None:
        """Begin another journal: another database took the place of the one that this knew."""
        self._safe = 0
        self._scribe.start_over()
        logger.warning("the next start stores what the journal still has of the former database")

    async def flush(self, seconds: float) -> None:
        """Wait until what was handed to the thread is written, or for that long."""
        await self._scribe.flush(seconds)

    async def close(self, *, is_empty: bool, seconds: float) -> bool:
        """End, and remove the journal where nothing in it is needed; whether that was in time."""
        if self._looking is not None:
            self._looking.cancel()
        return await self._scribe.close(is_empty=is_empty, seconds=seconds)

    def _ticket(self, events: Sequence[Event]) -> Ticket:
        self._order += 1
        return Ticket(events, encode(events), self._order)

    async def _wait(self, written: "asyncio.Future[None]", tickets: Sequence[Ticket]) -> None:
        while not written.done() and not self._scribe.is_stuck():
            await asyncio.wait((written,), timeout=self._patience)
        self._count_uncovered(tickets)

    def _count_uncovered(self, tickets: Sequence[Ticket]) -> None:
        if uncovered := sum(len(one.events) for one in tickets if one.number is None):
            self._metrics.uncovered.inc(uncovered)

    async def _look(self) -> None:
        """Every LOOK_SECONDS, without waiting for traffic."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                with self._overdue.watching():
                    is_there = await self._scribe.in_thread(self._tend)
                if not is_there:
                    self._write_again()
            except Exception as error:  # noqa: BLE001 whatever it is, the task must live
                self._scribe.trouble.fail(error)
                self._scribe.hand_over([])

    def _write_again(self) -> None:
        """What is outstanding, since the segment that held it is gone."""
        lost = self._scribe.outstanding.written()
        for ticket in lost:
            ticket.number, ticket.payload = None, encode(ticket.events)
        self._count_uncovered(lost)
        self._scribe.trouble.fail(FileNotFoundError("a segment was deleted"))
        for ticket in lost:
            self._scribe.hand_over([ticket])
        self._scribe.hand_over([])

    def _tend(self) -> bool:
        """In the thread. False where the segment is gone."""
        if not self._journal.is_there():
            return False
        if self._sync == "interval":
            self._journal.sync()
        self._forget()
        return True

    def _forget(self) -> None:
        """In the thread. Up to what is safe by then, which may be more than when it was asked."""
        done = 0
        while done < (safe := self._safe):
            with contextlib.suppress(OSError):  # what cannot be removed now goes with the next
                self._journal.forget(safe)
            done = safe
