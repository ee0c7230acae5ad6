"""Every metric, declared once. Names are an interface: they change only with a major version.

A leaf: the parts that count hold a Metrics and move its children; gauges that mirror a part's
state are bound by that part with `set_function`, so they cost nothing until they are read.
"""

import platform
import sqlite3
from collections.abc import Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
)

from . import histogram
from .events import KINDS
from .histogram import Series
from .labels import CappedCounter, CappedLabels

PREFIX = "tokenweir"

SHORT_WORK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
COMMIT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BYTES = (256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216)
EVENTS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)

MAX_MODELS = 10
"""Pairs of provider and model that are shown; later ones are `other`."""

REJECTED = ("invalid_json", "schema_invalid", "unstorable")
REFUSED = ("queue_full", "shutting_down")
SKIPPED = ("not_a_model_call", "not_a_failure", "metric", "other_item")
DROPPED = {
    "ingest": REFUSED,
    "persist": ("write_failed", "shutdown_timeout"),
}
EVENT_ROUTES = ("traces", "errors", "litellm", "logs", "otlp_metrics", "envelope")
ROUTES = (*EVENT_ROUTES, "metrics", "health", "other")
_BODY_REASONS = (
    "bad_encoding",
    "bad_request",
    "body_too_large",
    "busy",
    "invalid_json",
    "invalid_protobuf",
    "length_required",
    "method_not_allowed",
    "too_many_events",
    "unauthorized",
    "unsupported_media_type",
)
_ROUTE_REASONS = {
    **dict.fromkeys(EVENT_ROUTES, _BODY_REASONS),
    "metrics": ("bad_request", "method_not_allowed", "unauthorized"),
    "health": ("bad_request", "method_not_allowed"),
    # what is refused before a route is known, too
    "other": ("bad_request", "busy", "headers_too_large", "method_not_allowed", "not_found"),
}
_METHODS = frozenset(("GET", "HEAD", "POST"))


class Metrics:
    """The registry of one process, and the children by their label values."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._declare_events()
        self._declare_http()
        self._declare_queue_and_writer()
        self._declare_journal()
        self._declare_storage()
        self._declare_redaction()
        self._declare_calls()
        self._declare_process()

    def _declare_events(self) -> None:
        self.received = self._by_kind("events_received", "Events found in requests.")
        self.accepted = self._by_kind(
            "events_accepted", "Events placed on the queue and acknowledged to the client."
        )
        rejected = self._counter(
            "events_rejected", "Events that were not valid.", ("kind", "reason")
        )
        self.rejected = {(k, r): rejected.labels(k, r) for k in KINDS for r in REJECTED}
        refused = self._counter(
            "events_refused",
            "Valid events turned away with a request to retry.",
            ("kind", "reason"),
        )
        self.events_refused = {(k, r): refused.labels(k, r) for k in KINDS for r in REFUSED}
        skipped = self._counter(
            "events_skipped", "Well-formed items that are not events here.", ("reason",)
        )
        self.skipped = {reason: skipped.labels(reason) for reason in SKIPPED}
        dropped = self._counter(
            "events_dropped", "Valid events that will never be stored.", ("kind", "stage", "reason")
        )
        self.dropped = {key: dropped.labels(*key) for key in _drops()}
        self.persisted = self._by_kind("events_persisted", "Events committed to the store.")
        self.deduplicated = self._by_kind(
            "events_deduplicated", "Accepted events that were in the store already."
        )
        self.merged = self._by_kind(
            "events_merged", "Accepted parts that filled, or wait for, another row."
        )
        self.parts_expired = self._counter(
            "parts_expired", "Parts that waited for a call that did not come."
        )
        self.dead_lettered = self._by_kind(
            "events_dead_lettered",
            "Accepted events the store refuses, set aside with their reason.",
        )
        self.replayed = self._by_kind(
            "events_replayed", "Events read back from the journal at start."
        )
        self.commit_latency = self._by_label(
            "event_commit_latency_seconds",
            "From acknowledgement to durable commit.",
            COMMIT,
            "kind",
            KINDS,
        )

    def _declare_http(self) -> None:
        self._requests = self._counter(
            "http_requests", "Requests answered.", ("route", "method", "code")
        )
        self._answered: dict[tuple[str, str, int], Counter] = {}
        rejected = self._counter(
            "http_requests_rejected",
            "Requests refused before an event could be counted.",
            ("route", "reason"),
        )
        self.http_rejected = {
            (route, reason): rejected.labels(route, reason)
            for route, reasons in _ROUTE_REASONS.items()
            for reason in reasons
        }
        self.http_duration = self._by_label(
            "http_request_duration_seconds", "Time to answer.", SHORT_WORK, "route", ROUTES
        )
        self.http_size = self._by_label(
            "http_request_size_bytes",
            "Body size after decompression.",
            BYTES,
            "route",
            EVENT_ROUTES,
        )
        self.http_in_flight = self._gauge("http_requests_in_flight", "Requests being handled.")

    def _declare_queue_and_writer(self) -> None:
        self.queue_events = self._gauge("queue_events", "Accepted events not yet settled.")
        self.queue_capacity_events = self._gauge(
            "queue_capacity_events", "Most events that may be unsettled."
        )
        self.queue_bytes = self._gauge("queue_bytes", "Bytes of the events not yet settled.")
        self.queue_capacity_bytes = self._gauge(
            "queue_capacity_bytes", "Most bytes that may be unsettled."
        )
        self.queue_oldest_age = self._gauge(
            "queue_oldest_event_age_seconds", "Age of the oldest unsettled event; 0 when empty."
        )
        flush = self._histogram(
            "writer_flush_duration_seconds",
            "One write transaction.",
            (0.0005, *SHORT_WORK),
            ("outcome",),
        )
        self.flush = {outcome: flush.labels(outcome) for outcome in ("ok", "error")}
        self.batch_events = self._histogram(
            "writer_batch_events", "Events in one write transaction.", EVENTS
        )
        retries = self._counter("writer_retries", "Transactions tried again.", ("reason",))
        reasons = ("busy", "io_error", "disk_full", "other")
        self.retries = {reason: retries.labels(reason) for reason in reasons}
        self.last_commit = self._gauge(
            "writer_last_commit_timestamp_seconds",
            "Unix time of the last commit; process start until there is one.",
        )

    def _declare_journal(self) -> None:
        self.journal_bytes = self._gauge(
            "journal_bytes", "Bytes in journal segments not yet committed to the store."
        )
        self.journal_write = self._by_label(
            "journal_write_duration_seconds", "One append.", (0.0005, *SHORT_WORK), "", ("",)
        )[""]
        errors = self._counter("journal_write_errors", "Appends that failed.", ("reason",))
        reasons = ("disk_full", "io_error")
        self.journal_errors = {reason: errors.labels(reason) for reason in reasons}
        self.journal_uncovered = self._counter(
            "journal_uncovered_events", "Events answered accepted before the journal had them."
        )

    def _declare_storage(self) -> None:
        files = self._gauge("storage_file_bytes", "Size of a store file.", ("file",))
        self.storage_file = {file: files.labels(file) for file in ("main", "wal", "journal")}
        self.storage_available = self._gauge(
            "storage_filesystem_avail_bytes", "Space left on the store's filesystem."
        )
        self.storage_size = self._gauge(
            "storage_filesystem_size_bytes", "Size of the store's filesystem."
        )
        oldest = self._gauge(
            "storage_oldest_event_timestamp_seconds",
            "Unix time of the oldest stored event; 0 when there is none.",
            ("kind",),
        )
        self.storage_oldest = {kind: oldest.labels(kind) for kind in KINDS}
        self.retention_deleted = self._by_kind(
            "storage_retention_deleted_rows", "Rows removed by retention."
        )
        self.retention_last_success = self._gauge(
            "storage_retention_last_success_timestamp_seconds",
            "Unix time of the last finished pass; process start until there is one.",
        )
        checkpoint = self._histogram(
            "storage_checkpoint_duration_seconds",
            "One checkpoint of the write-ahead log.",
            SHORT_WORK,
            ("outcome",),
        )
        self.checkpoint = {outcome: checkpoint.labels(outcome) for outcome in ("ok", "error")}

    def _declare_redaction(self) -> None:
        self._redactions = self._counter("redactions", "Values scrubbed before storing.", ("rule",))

    def redaction(self, rule: str) -> Counter:
        """The counter of a rule, which is there from then on."""
        return self._redactions.labels(rule)

    def _declare_calls(self) -> None:
        overflow = self._counter("label_overflow", "Label values folded into other.", ("label",))
        models = CappedLabels(MAX_MODELS, overflow.labels("model"))
        self.unpriced = CappedCounter(
            self._counter(
                "llm_unpriced",
                "Stored calls with tokens but no known price.",
                ("provider", "model"),
            ),
            models,
        )

    def _declare_process(self) -> None:
        self._build_info = self._gauge(
            "build_info",
            "Always 1; the labels say what is running.",
            ("version", "revision", "python_version", "sqlite_version"),
        )
        self.ready = self._gauge("ready", "1 when /readyz answers 200, else 0.")
        self.loop_lag = self._histogram(
            "event_loop_lag_seconds",
            "How late a timer of the event loop fires, looked at every 0.5 s.",
            SHORT_WORK,
        )
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def set_build(self, version: str, revision: str) -> None:
        """Say what is running: call once, at start."""
        labels = (version, revision, platform.python_version(), sqlite3.sqlite_version)
        self._build_info.labels(*labels).set(1)

    def answered(self, route: str, method: str, code: int) -> None:
        """Count one answered request. Methods outside GET, HEAD and POST become `other`."""
        key = (route, method if method in _METHODS else "other", code)
        child = self._answered.get(key)
        if child is None:
            child = self._answered[key] = self._requests.labels(*map(str, key))
        child.inc()

    def refused(self, route: str, reason: str) -> None:
        """Count one request in which no event could be counted."""
        if (child := self.http_rejected.get((route, reason))) is not None:
            child.inc()

    def _by_kind(self, name: str, help: str) -> dict[str, Counter]:
        counter = self._counter(name, help, ("kind",))
        return {kind: counter.labels(kind) for kind in KINDS}

    def _counter(self, name: str, help: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(name, help, labels, namespace=PREFIX, registry=self.registry)

    def _gauge(self, name: str, help: str, labels: tuple[str, ...] = ()) -> Gauge:
        return Gauge(name, help, labels, namespace=PREFIX, registry=self.registry)

    def _by_label(
        self, name: str, help: str, bounds: tuple[float, ...], label: str, values: Iterable[str]
    ) -> dict[str, Series]:
        """For what is observed once a request or more often: a fifth of the library's time."""
        name = f"{PREFIX}_{name}"
        return histogram.Histogram(name, help, bounds, label, values, self.registry).series

    def _histogram(
        self, name: str, help: str, buckets: tuple[float, ...], labels: tuple[str, ...] = ()
    ) -> Histogram:
        return Histogram(
            name, help, labels, namespace=PREFIX, buckets=buckets, registry=self.registry
        )


def total(counters: Iterable[Counter]) -> int:
    """The sum of `counters` as it stands now."""
    samples = (s for counter in counters for family in counter.collect() for s in family.samples)
    return int(sum(s.value for s in samples if s.name.endswith("_total")))


def _drops() -> Iterator[tuple[str, str, str]]:
    """The closed set of labels of dropped events."""
    for kind in KINDS:
        for stage, reasons in DROPPED.items():
            for reason in reasons:
                yield kind, stage, reason
