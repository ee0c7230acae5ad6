"""Records that wait for the journal's thread."""

from collections import deque
from collections.abc import Sequence

from ..waiting import Ticket

MOST_BYTES = 8 * 2**20
"""Once so much is held, what comes is never covered."""


class Backlog:
    """Tickets in their order, bounded in bytes, to one request's more. Lives on the event loop."""

    def __init__(self) -> None:
        self._tickets: deque[Ticket] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._tickets)

    def add(self, tickets: Sequence[Ticket]) -> None:
        """All of a request's or, where there is no room, none: their payloads are let go."""
        if self._bytes < MOST_BYTES:  # whatever they add: a large request shall be covered too
            self._tickets.extend(tickets)
            self._bytes += sum(ticket.size for ticket in tickets)
            return
        for ticket in tickets:
            ticket.payload = b""

    def take(self, settled: int) -> list[Ticket]:
        """All of them, but for those whose order is not above `settled`: nobody needs them."""
        group = [ticket for ticket in self._tickets if ticket.order > settled]
        self._tickets.clear()
        self._bytes = 0
        return group

    def put_back(self, group: Sequence[Ticket]) -> None:
        """Before those that came since."""
        self._tickets.extendleft(reversed(group))
        self._bytes += sum(ticket.size for ticket in group)
