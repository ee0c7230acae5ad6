"""Labels whose values senders choose: the first few are learned, the others are one."""

import re

from prometheus_client import Counter

OTHER = "other"
_FIT = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")


class CappedLabels:
    """Label values, `cap` of them at most, so that no sender can fill the memory of Prometheus.

    Share one between all metrics that have the same labels: they then know the same values.
    """

    def __init__(self, cap: int, overflow: Counter) -> None:
        """`overflow` counts what is folded into `other`."""
        self._cap, self._overflow = cap, overflow
        self._known: set[tuple[str, ...]] = set()

    def fold(self, values: tuple[str | None, ...], times: int = 1) -> tuple[str, ...]:
        """`values` as they may be shown, which will happen `times` times; all `other` beyond the
        cap. Missing ones are `unknown`."""
        trimmed = tuple((value or "").strip() or "unknown" for value in values)
        if trimmed in self._known:
            return trimmed
        if len(self._known) < self._cap and all(map(_FIT.fullmatch, trimmed)):
            self._known.add(trimmed)
            return trimmed
        self._overflow.inc(times)
        return (OTHER,) * len(values)


class CappedCounter:
    """A counter with such labels; its children are kept, since to find one is dear."""

    def __init__(self, counter: Counter, labels: CappedLabels) -> None:
        self._counter, self._labels = counter, labels
        self._children: dict[tuple[str, ...], Counter] = {}

    def inc(self, values: tuple[str | None, ...], amount: int) -> None:
        """Count `amount` events with these values."""
        folded = self._labels.fold(values, amount)
        child = self._children.get(folded)
        if child is None:
            child = self._children[folded] = self._counter.labels(*folded)
        child.inc(amount)
