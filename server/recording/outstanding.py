"""The tickets of events that are accepted and not settled: what the journal is there for."""

from collections import deque
from collections.abc import Sequence

from ..waiting import Ticket


class Outstanding:
    """In their order. Lives on the event loop."""

    def __init__(self) -> None:
        self._tickets: deque[Ticket] = deque()
        self.order = 0
        """Of the last ticket that was settled."""
        self.end = 0
        """Bytes of all payloads in the journal up to the last settled one's end."""

    def add(self, tickets: Sequence[Ticket]) -> None:
        """As they are made."""
        self._tickets.extend(tickets)

    def settle(self, last: Ticket) -> None:
        """All up to `last` are."""
        self.order = last.order
        while self._tickets and self._tickets[0].order <= last.order:
            self.end = max(self.end, self._tickets.popleft().end)

    def note(self, ticket: Ticket) -> None:
        """It is in the journal now, perhaps later than it was settled."""
        if ticket.order <= self.order:
            self.end = ticket.end

    def written(self) -> list[Ticket]:
        """Those that are in the journal, or were."""
        return [ticket for ticket in self._tickets if ticket.number is not None]
