"""From a receiver's items to the queue: offers each, counts it, and says what became of it."""

from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Any

from .events import MAX_MESSAGE, Group, Rejected
from .metrics import Metrics
from .pipeline import Pipeline

Answer = dict[str, Any]
Tally = Counter[tuple[str, str, str | None]]
"""Events by kind, status and reason."""


class Intake:
    """Call from the event loop's thread."""

    def __init__(self, pipeline: Pipeline, metrics: Metrics) -> None:
        self._pipeline, self._metrics = pipeline, metrics

    def take(self, items: Sequence[Group | Rejected]) -> tuple[Answer, Awaitable[None] | None]:
        """Offer each item's Events and answer for it, in order; what to await before that is sent.

        accepted, dropped and rejected count events; entry i of `events` answers item i.
        """
        groups = [item for item in items if not isinstance(item, Rejected)]
        offered = self._pipeline.offer(groups)
        fates = iter(offered.fates)
        tally: Tally = Counter()
        entries = [
            _rejected(item, tally)
            if isinstance(item, Rejected)
            else _settled(item, next(fates), tally)
            for item in items
        ]
        return {**self._count(tally), "events": entries}, offered.covered

    def _count(self, tally: Tally) -> Answer:
        """Move the counters, once for all events of a kind that ended alike; the totals."""
        totals = {"accepted": 0, "dropped": 0, "rejected": 0}
        for (kind, status, reason), count in tally.items():
            totals[status] += count
            self._metrics.received[kind].inc(count)
            self._counter(kind, status, reason).inc(count)
        return totals

    def _counter(self, kind: str, status: str, reason: str | None) -> Any:
        if reason is None:
            return self._metrics.accepted[kind]
        if status == "dropped":
            return self._metrics.dropped[kind, "ingest", reason]
        return self._metrics.rejected[kind, reason]


def _rejected(item: Rejected, tally: Tally) -> Answer:
    tally[item.kind, "rejected", item.reason] += 1
    why = {"reason": item.reason, "path": item.path, "message": item.message[:MAX_MESSAGE]}
    return {"status": "rejected", "error": why}


def _settled(group: Group, refusal: str | None, tally: Tally) -> Answer:
    status = "accepted" if refusal is None else "dropped"
    for event in group:
        tally[event.kind, status, refusal] += 1
    first = group[0]
    return {"event_id": first.event_id, "trace_id": first.trace_id, "status": status}
