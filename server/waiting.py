"""Events on their way from the answer to the store."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from tornado.queues import Queue

from .events import Event
from .footprint import footprint
from .store import Mark


class Ticket:
    """A record of the journal, or one that should become one. Changed on the event loop only."""

    __slots__ = ("end", "events", "journal", "number", "order", "payload", "size")

    def __init__(self, events: Sequence[Event] = (), payload: bytes = b"", order: int = 0) -> None:
        self.events, self.payload, self.order = events, payload, order
        self.size = len(payload)
        self.journal = ""
        self.number: int | None = None
        """Its number in the journal; None while it is not there."""
        self.end = 0
        """Bytes of all payloads in the journal up to this one's end."""


class Waiting(NamedTuple):
    """Events accepted together: their size in bytes, and since when (monotonic seconds)."""

    events: Sequence[Event]
    size: int
    since: float
    ticket: Ticket
    is_last: bool = True
    """Whether the ticket's record is settled when these events are."""

    def singles(self) -> list["Waiting"]:
        """Its events one by one."""
        last = len(self.events) - 1
        return [
            Waiting((event,), footprint(event), self.since, self.ticket, self.is_last and i == last)
            for i, event in enumerate(self.events)
        ]


class Waitings(Queue[Waiting]):
    """The queue between the handlers and the store."""

    def _init(self) -> None:
        self._queue: deque[Waiting] = deque()

    def oldest(self) -> float | None:
        """Since when (monotonic seconds) the first in it waits; None where it is empty.

        For any thread.
        """
        try:
            return self._queue[0].since
        except IndexError:
            return None


def mark_of(batch: Sequence[Waiting]) -> Mark | None:
    """Up to where the journal is settled once `batch`, and all before it, is."""
    for waiting in reversed(batch):
        ticket = waiting.ticket
        if ticket.number is not None:
            return Mark(ticket.journal, ticket.number if waiting.is_last else ticket.number - 1)
    return None
