"""From a receiver's items to the queue: offers each, counts it, and says what became of it."""

from collections.abc import Sequence
from typing import Any

from prometheus_client import Counter

from .events import MAX_MESSAGE, Group, Rejected
from .metrics import Metrics
from .pipeline import Pipeline

Answer = dict[str, Any]


class Intake:
    """Call from the event loop's thread."""

    def __init__(self, pipeline: Pipeline, metrics: Metrics) -> None:
        self._pipeline, self._metrics = pipeline, metrics

    def take(self, items: Sequence[Group | Rejected]) -> Answer:
        """Offer each item's Events and answer for it, in order.

        accepted, dropped and rejected count events; entry i of `events` answers item i.
        """
        moved: dict[Counter, int] = {}  # one inc() a counter, not one an event
        totals = {"accepted": 0, "dropped": 0, "rejected": 0}
        try:
            entries = [self._settle(item, moved, totals) for item in items]
        finally:  # what is on the queue is counted, whatever happens
            for counter, count in moved.items():
                counter.inc(count)
        return {**totals, "events": entries}

    def _settle(
        self, item: Group | Rejected, moved: dict[Counter, int], totals: dict[str, int]
    ) -> Answer:
        metrics = self._metrics
        if isinstance(item, Rejected):
            totals["rejected"] += 1
            _move(moved, metrics.received[item.kind])
            _move(moved, metrics.rejected[item.kind, item.reason])
            why = {"reason": item.reason, "path": item.path, "message": item.message[:MAX_MESSAGE]}
            return {"status": "rejected", "error": why}
        refusal = self._pipeline.offer(item)
        status = "accepted" if refusal is None else "dropped"
        totals[status] += len(item)
        for event in item:
            kind = event.kind
            _move(moved, metrics.received[kind])
            if refusal is None:
                _move(moved, metrics.accepted[kind])
            else:
                _move(moved, metrics.dropped[kind, "ingest", refusal])
        first = item[0]
        return {"event_id": first.event_id, "trace_id": first.trace_id, "status": status}


def _move(moved: dict[Counter, int], counter: Counter) -> None:
    moved[counter] = moved.get(counter, 0) + 1
