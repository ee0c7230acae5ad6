"""At the start: stores what earlier journals hold and the store does not."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from ..footprint import footprint
from ..journal.left import Unsettled, discard, segments, unsettled
from ..journal.segment import remove_if_empty
from ..store import Unusable
from ..waiting import Ticket, Waiting
from .payload import HEADING, decoder

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0
"""From one line of progress to the next."""

Take = Callable[[list[Waiting]], Awaitable[bool]]


class Replay:
    """Reads the segments in `directory`. Lives on the event loop, reads in other threads."""

    def __init__(self, directory: Path, batch_events: int) -> None:
        self._directory, self._batch_events = directory, batch_events
        self._read: list[tuple[Path, bool]] = []
        self._done = self._total = self._events = 0
        self.next_number = 1
        """Above the numbers of all records that were found."""
        self.found = False
        """Whether there were segments, and all that was in them is settled."""

    async def run(self, marks: Mapping[str, int], take: Take, trouble: Callable[[], str]) -> None:
        """Hand what is not settled by `marks` to `take`, in batches, until that says no.

        `take` returns when a batch is settled; `trouble` says what keeps it. Raises `Unusable`.
        """
        self.next_number = max((0, *marks.values())) + 1
        telling = asyncio.create_task(self._tell(trouble))
        try:
            await self._run(marks, take)
        except OSError as error:
            raise Unusable(f"has a journal that cannot be read ({error})") from None
        finally:
            telling.cancel()
        if self._events:
            logger.info("replayed %d events from the journal", self._events)

    def discard(self) -> None:
        """Remove what was read, once all of it is settled. Blocking; never raises."""
        if not self.found:
            return
        for path, is_damaged in self._read:
            with contextlib.suppress(OSError):
                discard(path, keep_copy=is_damaged)
        self._read.clear()
        remove_if_empty(self._directory)

    async def _run(self, marks: Mapping[str, int], take: Take) -> None:
        paths = await asyncio.to_thread(segments, self._directory)
        self._total = sum(path.stat().st_size for path in paths)
        for path in paths:
            segment = await asyncio.to_thread(unsettled, path, marks)
            self._look_at(segment)
            for batch in self._batches(segment):
                if not await take(batch):
                    return
            self._done += segment.size
        self.found = bool(paths)

    def _look_at(self, segment: Unsettled) -> None:
        contents = segment.contents
        if contents.records:
            self.next_number = max(self.next_number, contents.records[-1].number + 1)
        if contents.damaged:
            name = segment.path.name
            logger.warning("%d bytes of the journal's %s are damaged", contents.damaged, name)
        if contents.torn:
            logger.info("the journal's last write was torn: %d bytes are cut", contents.torn)
        self._read.append((segment.path, contents.damaged > 0))

    def _batches(self, segment: Unsettled) -> Iterator[list[Waiting]]:
        batch: list[Waiting] = []
        room = self._batch_events
        for waiting in self._waiting(segment):
            if batch and len(waiting.events) > room:
                yield batch
                batch, room = [], self._batch_events
            batch.append(waiting)
            room -= len(waiting.events)
        if batch:
            yield batch

    def _waiting(self, segment: Unsettled) -> Iterator[Waiting]:
        now = time.monotonic()
        for record in segment.records:
            if not record.payload:
                continue
            try:
                events = decoder(segment.contents.heading or HEADING)(record.payload)
            except ValueError as error:
                logger.error("a record of the journal cannot be read: %s", error)
                self._read[-1] = segment.path, True
                continue
            ticket = Ticket(events)
            ticket.journal, ticket.number = segment.contents.journal, record.number
            self._events += len(events)
            yield Waiting(events, sum(map(footprint, events)), now, ticket)

    async def _tell(self, trouble: Callable[[], str]) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            done, total = self._done / 2**20, self._total / 2**20
            why = f"; {said}" if (said := trouble()) else ""
            logger.info("replaying the journal: %.1f of %.1f MiB are stored%s", done, total, why)
