"""The ledger: its counters as a service shows them, and the identity that they must keep."""

from collections import Counter

from prometheus_client.parser import text_string_to_metric_families


def sums_of(families):
    """The ledger's counters, summed over kinds and reasons, by name; `queue` is its gauge."""
    sums: Counter[str] = Counter()
    for family in families:
        for sample in family.samples:
            name = sample.name.removeprefix("tokenweir_events_").removesuffix("_total")
            sums[f"dropped_{sample.labels['stage']}" if name == "dropped" else name] += int(
                sample.value
            )
    sums["queue"] = sums["tokenweir_queue_events"]
    return sums


def sums_shown(service):
    """The same of a process, from one scrape."""
    return sums_of(text_string_to_metric_families(service.get("/metrics")))


def balances(sums):
    """Whether all that was accepted or replayed is settled, or waits."""
    settled = sums["persisted"] + sums["deduplicated"] + sums["merged"] + sums["dead_lettered"]
    waiting = sums["dropped_persist"] + sums["queue"]
    return sums["accepted"] + sums["replayed"] == settled + waiting
