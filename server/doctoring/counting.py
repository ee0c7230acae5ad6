"""The service's own counters, and what moved between two looks at them."""

from collections import Counter
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from .asking import Service, Unreachable
from .credentials import Credentials

MOVES = (
    "received",
    "accepted",
    "rejected",
    "refused",
    "skipped",
    "dropped",
    "persisted",
    "deduplicated",
    "merged",
    "dead_lettered",
)
_NAMES = {f"tokenweir_events_{name}_total": name for name in MOVES}
_QUEUED, _OLDEST = "tokenweir_queue_events", "tokenweir_queue_oldest_event_age_seconds"


class Hidden(Exception):
    """The counters cannot be read. Says why, and what to do."""


class Counts(NamedTuple):
    """What the counters showed at one moment."""

    events: Counter[str]
    """Of each of MOVES, over all kinds and reasons."""
    queued: int
    oldest_seconds: float
    """Age of the oldest event that is not settled; 0 where none is."""


def counts(service: Service, credentials: Credentials) -> Counts:
    """Raises `Hidden`."""
    try:
        answer = service.get("/metrics", credentials.reading())
    except Unreachable as error:
        raise Hidden(str(error)) from None
    if answer.status == 401:
        known = "it knows no such key" if credentials.read else "it asks for a key"
        raise Hidden(f"/metrics: {known}; give one that may read with --read-key-file")
    if answer.status != 200:
        raise Hidden(f"/metrics: {answer.status}; a proxy between may hide it")
    try:
        return _parse(answer.body.decode())
    except ValueError:
        raise Hidden("/metrics: not in Prometheus' format") from None


def moved(before: Counts, now: Counts) -> dict[str, int]:
    """How far each has come. All senders move them."""
    return {name: came for name in MOVES if (came := now.events[name] - before.events[name]) > 0}


def _parse(text: str) -> Counts:
    found, sums = Counter[str](), {_QUEUED: 0.0, _OLDEST: 0.0}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in _NAMES:
                found[_NAMES[sample.name]] += int(sample.value)
            elif sample.name in sums:
                sums[sample.name] = sample.value
    return Counts(found, int(sums[_QUEUED]), sums[_OLDEST])
