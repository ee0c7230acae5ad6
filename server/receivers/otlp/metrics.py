"""Metrics: acknowledged and counted, nothing of them is kept."""

from collections.abc import Iterator

from ...events import Item, Skipped
from .decoding import reading

_METRIC = Skipped("metric")


class MetricsReceiver:
    """Reads the bodies of /v1/metrics."""

    def __init__(self, max_metrics: int) -> None:
        self._max_metrics = max_metrics

    def read(self, body: bytearray, media_type: str) -> Iterator[Item]:
        for _ in reading.metrics(body, media_type, self._max_metrics):
            yield _METRIC
