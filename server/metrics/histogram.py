"""A histogram that takes many observations at once, which prometheus_client's does not."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class Series:
    """The observations of one label value. Move it on one thread; read it on any."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._names = [*(str(float(bound)) for bound in bounds), "+Inf"]
        self.counts = [0] * (len(bounds) + 1)
        """Observations by bucket, not cumulative; the last is +Inf."""
        self.sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count `times` observations of `value`."""
        self.counts[bisect_left(self._bounds, value)] += times
        self.sum += value * times

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bounds, and the observations up to each."""
        return list(zip(self._names, accumulate(list(self.counts)), strict=True))


class Histogram(Collector):
    """Series by the values of one label; without a label, its one value is ''."""

    def __init__(
        self,
        name: str,
        help: str,
        bounds: tuple[float, ...],
        label: str,
        values: Iterable[str],
        registry: CollectorRegistry,
    ) -> None:
        self._name, self._help = name, help
        self._labels = [label] if label else []
        self.series = {value: Series(bounds) for value in values}
        registry.register(self)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """All series, as they stand now."""
        family = HistogramMetricFamily(self._name, self._help, labels=self._labels)
        for value, series in self.series.items():
            family.add_metric([value] if self._labels else [], series.buckets(), series.sum)
        yield family
