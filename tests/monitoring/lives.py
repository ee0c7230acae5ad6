"""What counters came to over all processes that had them, from every sample scraped."""

from collections import defaultdict

from .prometheus import Prometheus

Sums = dict[tuple[str, ...], float]


def came_to(prometheus: Prometheus, selector: str, since: float, *by: str) -> Sums:
    """The sums by the values of the labels `by`, of one service's counters since a Unix time.

    Exact where nothing moved between the last scrape of a process and its end. A query's
    `increase` would not do: it estimates what was before the first sample and after the last, and
    takes no counter for a new one that begins where the last one ended.
    """
    starts = dict(prometheus.raw("process_start_time_seconds", since)[0][1])
    sums: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for labels, samples in prometheus.raw(selector, since):
        last = {starts[when]: value for when, value in samples}
        sums[tuple(labels.get(name, "") for name in by)] += sum(last.values())
    return dict(sums)
