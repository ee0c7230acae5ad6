"""From a receiver's items to the queue: offers each, counts it, and says what became of it."""

from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from .events import MAX_MESSAGE, Group, Item, Rejected, Skipped
from .metrics.events import EventMetrics
from .pipeline import Pipeline

Answer = dict[str, Any]
Tally = dict[tuple[str, str, str | None], int]
"""Events by kind, status and reason."""


class Taken(NamedTuple):
    """What became of a request that is taken as a whole, or refused as a whole."""

    refused: str | None
    """Why nothing of it was accepted, so that it is to be sent again; None: it was taken."""
    lost: int
    """Items of it that will never be stored."""
    why: str
    """Why the first of these will not."""
    covered: Awaitable[None] | None
    """What to await before that is answered."""


class Intake:
    """Call from the event loop's thread."""

    def __init__(self, pipeline: Pipeline, metrics: EventMetrics) -> None:
        self._pipeline, self._metrics = pipeline, metrics

    def take(self, items: Sequence[Group | Rejected]) -> tuple[Answer, Awaitable[None] | None]:
        """Offer each item's Events and answer for it, in order; what to await before that is sent.

        accepted, dropped and rejected count events; entry i of `events` answers item i.
        """
        groups = [item for item in items if not isinstance(item, Rejected)]
        fates, covered = self._pipeline.offer(groups)
        tally = _tally(groups, fates, "dropped")
        answers: Iterator[Answer] = map(_settled, groups, fates)
        if len(groups) < len(items):
            tally.update(_rejections(items))
            answers = iter(
                [_rejected(i) if isinstance(i, Rejected) else next(answers) for i in items]
            )
        self._count(tally)
        return {**_totals(tally), "events": list(answers)}, covered

    def take_whole(self, items: Sequence[Item]) -> Taken:
        """Offer the Events of all items, to be accepted together or refused together.

        Of more events than the queue can ever hold those that fit now are accepted, the others
        dropped. What is skipped of a refused request will be when it comes again. An empty group
        counts for nothing.
        """
        groups = [item for item in items if item and not isinstance(item, Rejected | Skipped)]
        rejected = [item for item in items if isinstance(item, Rejected)]
        fates, covered = self._pipeline.offer(groups, whole=True)
        refused = self._refusal(fates)
        tally = _tally(groups, fates, "refused" if refused else "dropped")
        tally.update(_rejections(rejected))
        self._count(tally)
        if refused is None:
            self._skip(items)
        lost = len(rejected) + len(fates) - fates.count(None)
        return Taken(refused, lost, _why(rejected), covered)

    def _refusal(self, fates: Sequence[str | None]) -> str | None:
        """Why nothing was accepted, where that may change: an empty queue has no more room."""
        if not fates or None in fates or (fates[0] == "queue_full" and not self._pipeline.depth()):
            return None
        return fates[0]

    def _skip(self, items: Sequence[Item]) -> None:
        reasons = Counter(item.reason for item in items if isinstance(item, Skipped))
        for reason, count in reasons.items():
            self._metrics.skipped[reason].inc(count)

    def _count(self, tally: Tally) -> None:
        """Move the counters, once for all events of a kind that ended alike."""
        for (kind, status, reason), count in tally.items():
            self._metrics.received[kind].inc(count)
            self._counter(kind, status, reason).inc(count)

    def _counter(self, kind: str, status: str, reason: str | None) -> Any:
        if reason is None:
            return self._metrics.accepted[kind]
        if status == "refused":
            return self._metrics.refused[kind, reason]
        if status == "dropped":
            return self._metrics.dropped[kind, "ingest", reason]
        return self._metrics.rejected[kind, reason]


def _tally(groups: Sequence[Group], fates: Sequence[str | None], otherwise: str) -> Tally:
    """What is not accepted is `otherwise`. (A Counter would take 1 us to be made.)"""
    told = [
        (event.kind, fate) for group, fate in zip(groups, fates, strict=True) for event in group
    ]
    return {
        (kind, "accepted" if fate is None else otherwise, fate): told.count((kind, fate))
        for kind, fate in set(told)
    }


def _rejections(items: Iterable[Item]) -> Tally:
    rejected = (item for item in items if isinstance(item, Rejected))
    return Counter((item.kind, "rejected", item.reason) for item in rejected)


def _totals(tally: Tally) -> Answer:
    totals = {"accepted": 0, "dropped": 0, "rejected": 0}
    for (_, status, _), count in tally.items():
        totals[status] += count
    return totals


def _rejected(item: Rejected) -> Answer:
    why = {"reason": item.reason, "path": item.path, "message": item.message[:MAX_MESSAGE]}
    return {"status": "rejected", "error": why}


def _why(rejected: Sequence[Rejected]) -> str:
    """Of the first, or of those that were dropped. The path begins with a name of ours."""
    if not rejected:
        return "more than the queue can hold"
    return f"{rejected[0].path[1:]} {rejected[0].message}".lstrip()


def _settled(group: Group, refusal: str | None) -> Answer:
    status, first = "accepted" if refusal is None else "dropped", group[0]
    return {"event_id": first.event_id, "trace_id": first.trace_id, "status": status}
