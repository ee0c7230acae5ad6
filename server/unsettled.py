"""How much is accepted and not settled, and how much may be."""

from collections.abc import Sequence

from .events import Event, Group
from .footprint import footprint
from .metrics import Metrics
from .waiting import Waiting


class Unsettled:
    """Counts events and their bytes from acceptance until they are settled."""

    def __init__(self, max_events: int, max_bytes: int, metrics: Metrics) -> None:
        self._max_events, self._max_bytes = max_events, max_bytes
        self.events = 0
        self.bytes = 0
        metrics.queue_capacity_events.set(max_events)
        metrics.queue_capacity_bytes.set(max_bytes)
        metrics.queue_events.set_function(lambda: self.events)
        metrics.queue_bytes.set_function(lambda: self.bytes)

    def admit(self, group: Group) -> list[tuple[Event, int]]:
        """The events of `group` with their bytes, counted now; nothing where one has no room."""
        sized = [(event, footprint(event)) for event in group]
        events, used = self.events + len(sized), self.bytes + sum(size for _, size in sized)
        if events > self._max_events or used > self._max_bytes:
            return []
        self.events, self.bytes = events, used
        return sized

    def add(self, batch: Sequence[Waiting]) -> None:
        """Count what was accepted before the start, room or no room."""
        self.events += sum(len(waiting.events) for waiting in batch)
        self.bytes += sum(waiting.size for waiting in batch)

    def settle(self, batch: Sequence[Waiting]) -> None:
        """Count it no longer."""
        self.events -= sum(len(waiting.events) for waiting in batch)
        self.bytes -= sum(waiting.size for waiting in batch)
