"""The model calls that were stored, by labels that their senders choose.

All of it comes from the rows that transactions added or changed: a duplicate never counts, and a
call that is told in parts counts once, as its row tells it. What a row takes back, as a call that
turns out to add up others, is not shown: the counter stays until what comes has caught up.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from ..labels import OTHER, CappedLabels
from ..model_names import OFF, listed
from ..store.traffic import COST, OUTCOMES, TOKENS, UNPRICED, Traffic, Usage
from .declare import PREFIX, Declare
from .histogram import Series
from .rising import Rising

MAX_MODELS, MAX_ERROR_TYPES = 10, 15
"""Pairs of provider and model, and types of errors, that are shown; later ones are `other`."""
DURATIONS = (
    *(0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64),
    *(1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
)
"""As OpenTelemetry advises for `gen_ai.client.operation.duration`."""
FIRST_TOKENS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1),
    *(0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
)
"""As OpenTelemetry advises for `gen_ai.server.time_to_first_token`."""
_BY_MODEL = ("provider", "model")
_OTHERS = (OTHER, OTHER)
"""Without histograms: a quantile over strangers says nothing, and takes 36 samples."""

Labels = tuple[str, ...]


class _Counted(NamedTuple):
    """A counter of sums: from `start` on in `Usage.sums`, one for each of the label's `values`."""

    name: str
    help: str
    start: int
    label: str = ""
    values: Labels = ("",)


_COUNTERS = (
    _Counted(
        "llm_requests", "Model calls seen in trace events.", OUTCOMES, "outcome", ("ok", "error")
    ),
    _Counted("llm_unpriced", "Stored calls with tokens but no known price.", UNPRICED),
    _Counted(
        "llm_tokens",
        "Tokens reported.",
        TOKENS,
        "token_type",
        ("input", "output", "cache_read", "cache_write", "reasoning"),
    ),
    _Counted("llm_cost_usd", "Cost of calls in US dollars, reported or computed.", COST),
)


class _Model:
    """What is shown of one provider and model."""

    def __init__(self, labels: Labels) -> None:
        self.labels, self.sums = labels, Rising(Usage.SIZE)
        self.durations, self.first_tokens = Series(DURATIONS), Series(FIRST_TOKENS)

    def add(self, usage: Usage) -> None:
        self.sums.add(usage.sums)
        for ms in usage.latencies:
            self.durations.observe(ms / 1000)
        for ms in usage.first_tokens:
            self.first_tokens.observe(ms / 1000)


class CallMetrics(Collector):
    """What the stored calls say of the gateway's models. Moved on one thread, read in any."""

    def __init__(self, declare: Declare, model_metrics: str) -> None:
        """`model_metrics`: the setting of that name, which is sound."""
        overflow = declare.counters(
            "label_overflow", "Label values folded into other.", "label", ("model", "error_type")
        )
        pairs = listed(model_metrics)
        self._is_on = model_metrics != OFF
        self._pairs = CappedLabels(len(pairs) or MAX_MODELS, overflow["model"], pairs)
        self._types = CappedLabels(MAX_ERROR_TYPES, overflow["error_type"])
        self._models: dict[Labels, _Model] = {pair: _Model(pair) for pair in pairs}
        self._errors: dict[Labels, Rising] = {}
        declare.registry.register(self)

    def add(self, traffic: Traffic) -> None:
        """Count what a transaction changed."""
        if not self._is_on:
            return
        for pair, usage in traffic.calls.items():
            labels = self._pairs.fold(pair, usage.rows)
            if labels not in self._models:
                self._models[labels] = _Model(labels)
            self._models[labels].add(usage)
        for error_type, rows in traffic.failures.items():
            labels = self._types.fold((error_type,), max(rows, 0))
            self._errors.setdefault(labels, Rising(1)).add([rows])

    def collect(self) -> Iterator[Metric]:
        """All families; without samples where nothing is shown."""
        models, errors = list(self._models.values()), list(self._errors.items())
        for counted in _COUNTERS:
            yield _counter(counted, models)
        told_apart = [model for model in models if model.labels != _OTHERS]
        yield _histogram(
            "llm_request_duration_seconds",
            "Duration of model calls; not of other.",
            ((model.labels, model.durations) for model in told_apart),
        )
        yield _histogram(
            "llm_time_to_first_token_seconds",
            "Time to first token of streamed calls; not of other.",
            ((model.labels, model.first_tokens) for model in told_apart),
        )
        family = CounterMetricFamily(f"{PREFIX}_llm_errors", "Error events.", labels=["error_type"])
        for labels, rows in errors:
            family.add_metric(labels, rows.highest[0])
        yield family


def _counter(counted: _Counted, models: Iterable[_Model]) -> Metric:
    labels = (*_BY_MODEL, counted.label) if counted.label else _BY_MODEL
    family = CounterMetricFamily(f"{PREFIX}_{counted.name}", counted.help, labels=labels)
    for model in models:
        for at, value in enumerate(counted.values, counted.start):
            values = (*model.labels, value) if counted.label else model.labels
            family.add_metric(values, model.sums.highest[at])
    return family


def _histogram(name: str, help: str, samples: Iterable[tuple[Labels, Series]]) -> Metric:
    family = HistogramMetricFamily(f"{PREFIX}_{name}", help, labels=_BY_MODEL)
    for values, series in samples:
        family.add_metric(values, series.buckets(), series.sum)
    return family
