"""The ledger: the way of every event, each step counted once (docs/metrics.md)."""

from collections.abc import Iterator

from prometheus_client import Counter

from ..events import KINDS
from .declare import Declare
from .rising import Rising

COMMIT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

REJECTED = ("invalid_json", "schema_invalid", "unstorable")
REFUSED = ("queue_full", "shutting_down")
SKIPPED = ("not_a_model_call", "not_a_failure", "metric", "other_item")
DROPPED = {
    "ingest": REFUSED,
    "persist": ("write_failed", "shutdown_timeout"),
}


class EventMetrics:
    """Events, by kind and by what became of them."""

    def __init__(self, declare: Declare) -> None:
        self._declare_intake(declare)
        self._declare_outcomes(declare)
        self._redactions = declare.counter(
            "redactions", "Values scrubbed before storing.", ("rule",)
        )

    def _declare_intake(self, declare: Declare) -> None:
        self.received = declare.counters(
            "events_received", "Events found in requests.", "kind", KINDS
        )
        self.accepted = declare.counters(
            "events_accepted",
            "Events placed on the queue and acknowledged to the client.",
            "kind",
            KINDS,
        )
        rejected = declare.counter(
            "events_rejected", "Events that were not valid.", ("kind", "reason")
        )
        self.rejected = {(k, r): rejected.labels(k, r) for k in KINDS for r in REJECTED}
        refused = declare.counter(
            "events_refused",
            "Valid events turned away with a request to retry.",
            ("kind", "reason"),
        )
        self.refused = {(k, r): refused.labels(k, r) for k in KINDS for r in REFUSED}
        self.skipped = declare.counters(
            "events_skipped", "Well-formed items that are not events here.", "reason", SKIPPED
        )
        dropped = declare.counter(
            "events_dropped", "Valid events that will never be stored.", ("kind", "stage", "reason")
        )
        self.dropped = {key: dropped.labels(*key) for key in _drops()}

    def _declare_outcomes(self, declare: Declare) -> None:
        self.persisted = declare.counters(
            "events_persisted", "Events committed to the store.", "kind", KINDS
        )
        self.deduplicated = declare.counters(
            "events_deduplicated",
            "Accepted events that were in the store already.",
            "kind",
            KINDS,
        )
        self._merged = declare.counters(
            "events_merged",
            "Accepted parts that filled, or wait for, another row.",
            "kind",
            KINDS,
        )
        self._merges = {kind: Rising(1) for kind in KINDS}
        self.parts_expired = declare.counter(
            "parts_expired", "Parts that waited for a call that did not come."
        )
        self.dead_lettered = declare.counters(
            "events_dead_lettered",
            "Accepted events the store refuses, set aside with their reason.",
            "kind",
            KINDS,
        )
        self.replayed = declare.counters(
            "events_replayed", "Events read back from the journal at start.", "kind", KINDS
        )
        self.commit_latency = declare.histograms(
            "event_commit_latency_seconds",
            "From acknowledgement to durable commit.",
            COMMIT,
            "kind",
            KINDS,
        )

    def merge(self, kind: str, count: int) -> None:
        """Count events that were merged; below 0 those that came to a row of their own after all,
        which no counter takes back."""
        if count:
            merges = self._merges[kind]
            before = merges.highest[0]
            merges.add([count])
            self._merged[kind].inc(merges.highest[0] - before)

    def redaction(self, rule: str) -> Counter:
        """The counter of a rule, which is there from then on."""
        return self._redactions.labels(rule)


def _drops() -> Iterator[tuple[str, str, str]]:
    """The closed set of labels of dropped events."""
    for kind in KINDS:
        for stage, reasons in DROPPED.items():
            for reason in reasons:
                yield kind, stage, reason
