"""What counting costs an event: every move of a metric from its request to its commit, replayed.

`increments.py`; in CPU of the thread, beside one `inc` of the client library's counter.
"""

import statistics
import time

from load import trace
from prometheus_client import CollectorRegistry

from server.config import Config
from server.metrics import Metrics
from server.normalise import Normaliser
from server.store.traffic import Traffic

ROUNDS = 9
EVENTS = 20_000
WORK = {
    "one event a POST, one a commit": (1, 1),
    "one event a POST, 50 a commit": (1, 50),
    "100 events a POST, 500 a commit": (100, 500),
}


def answered(metrics: Metrics, events: int) -> None:
    """The moves of one request."""
    metrics.events.received["trace"].inc(events)
    metrics.events.accepted["trace"].inc(events)
    metrics.journal.write.observe(0.0002)
    metrics.http.size["traces"].observe(2048)
    metrics.http.answered("traces", "POST", 202)
    metrics.http.duration["traces"].observe(0.002)


def committed(metrics: Metrics, rows: list, requests: int) -> None:
    """The moves of one transaction."""
    traffic = Traffic()
    for row in rows:
        traffic.row(None, row)
    for _ in range(requests):
        metrics.events.commit_latency["trace"].observe(0.05)
    metrics.events.persisted["trace"].inc(len(rows))
    metrics.calls.add(traffic)
    metrics.writer.flush["ok"].observe(0.004)
    metrics.writer.batch_events.observe(len(rows))
    metrics.writer.last_commit.set_to_current_time()


def measure(metrics: Metrics, rows: list, together: int, batch: int) -> float:
    """Seconds of CPU an event."""
    start = time.thread_time()
    for _ in range(EVENTS // batch):
        for _ in range(batch // together):
            answered(metrics, together)
        committed(metrics, rows[:batch], batch // together)
    return (time.thread_time() - start) / EVENTS


def one_inc(metrics: Metrics) -> float:
    """Seconds of CPU of the library's own counter."""
    child = metrics.events.received["trace"]
    start = time.thread_time()
    for _ in range(EVENTS):
        child.inc()
    return (time.thread_time() - start) / EVENTS


def main() -> None:
    """All kinds of work, side by side in each round."""
    metrics, config = Metrics(CollectorRegistry()), Config()
    normaliser = Normaliser(config.max_text_bytes, config.max_metadata_bytes)
    rows = [normaliser.trace(trace(), "native") for _ in range(500)]
    took: dict[str, list[float]] = {name: [] for name in WORK}
    incs = []
    for _ in range(ROUNDS):
        incs.append(one_inc(metrics))
        for name, work in WORK.items():
            took[name].append(measure(metrics, rows, *work))
    inc = statistics.median(incs)
    print(f"one inc: {inc * 1e6:.2f} us; an event's moves, median of {ROUNDS} rounds:")
    for name, times in took.items():
        median = statistics.median(times)
        print(f"{name:34} {median * 1e6:5.2f} us, {median / inc:5.1f} incs", end="")
        print(f" ({min(times) * 1e6:.2f}-{max(times) * 1e6:.2f} us)")


if __name__ == "__main__":
    main()
