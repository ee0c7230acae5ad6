"""Records that wait for the journal's thread."""

from collections import deque
from collections.abc import Iterable, Sequence

from ..waiting import Ticket

MOST_BYTES = 8 * 2**20
"""More is not held: what comes then is never covered."""


class Backlog:
    """Tickets in their order, bounded in bytes. Lives on the event loop."""

    def __init__(self) -> None:
        self._tickets: deque[Ticket] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._tickets)

    def add(self, tickets: Iterable[Ticket]) -> None:
        """As far as there is room; the payload of the others is let go."""
        for ticket in tickets:
            if self._bytes + ticket.size <= MOST_BYTES:
                self._tickets.append(ticket)
                self._bytes += ticket.size
            else:
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
