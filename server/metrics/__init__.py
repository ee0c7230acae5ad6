"""Every metric, declared once. Names are an interface: they change only with a major version.

It knows no part, only what the store tells of a transaction: a part is handed the group that it
moves; gauges that mirror a part's state are bound by that part with `set_function`, so they cost
nothing until they are read. docs/metrics.md has what each is for.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from ..model_names import AUTO
from .calls import CallMetrics
from .declare import Declare
from .events import EventMetrics
from .journal import JournalMetrics
from .process import ProcessMetrics
from .routes import HttpMetrics
from .storage import StorageMetrics
from .unsettled import QueueMetrics
from .writer import WriterMetrics


class Metrics:
    """The registry of one process, and its metrics by what they tell of."""

    def __init__(self, registry: CollectorRegistry, model_metrics: str = AUTO) -> None:
        """`model_metrics`: the setting of that name, which is sound."""
        self.registry = registry
        declare = Declare(registry)
        self.events = EventMetrics(declare)
        self.http = HttpMetrics(declare)
        self.queue = QueueMetrics(declare)
        self.writer = WriterMetrics(declare)
        self.journal = JournalMetrics(declare)
        self.storage = StorageMetrics(declare)
        self.calls = CallMetrics(declare, model_metrics)
        self.process = ProcessMetrics(declare)


def total(counters: Iterable[Counter]) -> int:
    """The sum of `counters` as it stands now."""
    samples = (s for counter in counters for family in counter.collect() for s in family.samples)
    return int(sum(s.value for s in samples if s.name.endswith("_total")))
