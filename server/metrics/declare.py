"""How metrics are declared: our prefix, our buckets, and the children of closed label sets."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from . import histogram
from .histogram import Series

PREFIX = "tokenweir"

SHORT_WORK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
WRITES = (0.0005, *SHORT_WORK)


class Declare:
    """Makes metrics in one registry. Children that are made here show 0 before the first event."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

    def counter(self, name: str, help: str, labels: tuple[str, ...] = ()) -> Counter:
        """A counter; its children are the caller's to make and to keep."""
        return Counter(name, help, labels, namespace=PREFIX, registry=self.registry)

    def counters(
        self, name: str, help: str, label: str, values: Iterable[str]
    ) -> dict[str, Counter]:
        """The children of a counter with one label."""
        counter = self.counter(name, help, (label,))
        return {value: counter.labels(value) for value in values}

    def gauge(self, name: str, help: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A gauge; its children are the caller's to make and to keep."""
        return Gauge(name, help, labels, namespace=PREFIX, registry=self.registry)

    def gauges(self, name: str, help: str, label: str, values: Iterable[str]) -> dict[str, Gauge]:
        """The children of a gauge with one label."""
        gauge = self.gauge(name, help, (label,))
        return {value: gauge.labels(value) for value in values}

    def histogram(self, name: str, help: str, buckets: tuple[float, ...]) -> Series:
        """A histogram without labels."""
        return self.histograms(name, help, buckets, "", ("",))[""]

    def histograms(
        self, name: str, help: str, buckets: tuple[float, ...], label: str, values: Iterable[str]
    ) -> dict[str, Series]:
        """The series of a histogram with one label; each takes a fifth of the library's time."""
        name = f"{PREFIX}_{name}"
        return histogram.Histogram(name, help, buckets, label, values, self.registry).series
