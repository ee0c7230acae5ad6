"""Labels whose values senders choose: the first few are learned, the others are one."""

from collections.abc import Iterable

from prometheus_client import Counter

from .model_names import FIT

OTHER = "other"


class CappedLabels:
    """Label values, `cap` of them at most, so that no sender can fill the memory of Prometheus.

    Share one between all metrics that have the same labels: they then know the same values.
    """

    def __init__(self, cap: int, overflow: Counter, known: Iterable[tuple[str, ...]] = ()) -> None:
        """`overflow` counts what is folded into `other`; `known` are learned already."""
        self._cap, self._overflow = cap, overflow
        self._known: set[tuple[str, ...]] = set(known)

    def fold(self, values: tuple[str | None, ...], times: int = 1) -> tuple[str, ...]:
        """`values` as they may be shown, which will happen `times` times; all `other` beyond the
        cap. Missing ones are `unknown`."""
        trimmed = tuple((value or "").strip() or "unknown" for value in values)
        if trimmed in self._known:
            return trimmed
        if len(self._known) < self._cap and all(map(FIT.fullmatch, trimmed)):
            self._known.add(trimmed)
            return trimmed
        self._overflow.inc(times)
        return (OTHER,) * len(values)
