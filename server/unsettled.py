"""How much is accepted and not settled, and how much may be."""

from collections.abc import Sequence

from .events import Event, Group
from .footprint import footprint
from .metrics.unsettled import QueueMetrics
from .waiting import Waiting

Sized = list[tuple[Event, int]]
"""Events, each with the bytes that it occupies."""


class Unsettled:
    """Counts events and their bytes from acceptance until they are settled."""

    def __init__(self, max_events: int, max_bytes: int, metrics: QueueMetrics) -> None:
        self._max_events, self._max_bytes = max_events, max_bytes
        self.events = 0
        self.bytes = 0
        metrics.capacity_events.set(max_events)
        metrics.capacity_bytes.set(max_bytes)
        metrics.events.set_function(lambda: self.events)
        metrics.bytes.set_function(lambda: self.bytes)

    def admit_all(self, sizes: Sequence[int]) -> bool:
        """Count events of these sizes, where there is room for all of them; whether there is."""
        events, used = self.events + len(sizes), self.bytes + sum(sizes)
        if not self._fit(events, used):
            return False
        self.events, self.bytes = events, used
        return True

    def admit(self, groups: Sequence[Group]) -> list[Sized]:
        """The events of each group with their bytes, counted now; none where one has no room."""
        return [self._admitted([(event, footprint(event)) for event in group]) for group in groups]

    def admit_whole(self, groups: Sequence[Group]) -> list[Sized]:
        """The same, where all of them have room, or would have none in an empty queue either."""
        sized = [[(event, footprint(event)) for event in group] for group in groups]
        events, used = sum(map(len, sized)), sum(size for one in sized for _, size in one)
        if self._fit(events, used) and not self._fit(self.events + events, self.bytes + used):
            return [[] for _ in sized]
        return list(map(self._admitted, sized))

    def is_filling(self) -> bool:
        """Whether a quarter of the room is taken, so that what waits should not wait for more."""
        return not self._fit(4 * self.events, 4 * self.bytes)

    def _admitted(self, sized: Sized) -> Sized:
        return sized if self.admit_all([size for _, size in sized]) else []

    def _fit(self, events: int, used: int) -> bool:
        return events <= self._max_events and used <= self._max_bytes

    def add(self, batch: Sequence[Waiting]) -> None:
        """Count what was accepted before the start, room or no room."""
        self.events += sum(len(waiting.events) for waiting in batch)
        self.bytes += sum(waiting.size for waiting in batch)

    def settle(self, batch: Sequence[Waiting]) -> None:
        """Count it no longer."""
        self.events -= sum(len(waiting.events) for waiting in batch)
        self.bytes -= sum(waiting.size for waiting in batch)
