"""What redaction costs: CPU an event beside a service without it, and microseconds of its own.

Both run throughout, and only one of them at a time, in slices that stand close together. Alone:
`python benchmarks/redaction.py`
"""

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from cpu import BOUNDS, report, slice_cpu
from load import trace
from servers import Server

ROUNDS_EACH, SHARE = 6, 0.2
"""Short slices, and many of them: the difference is smaller than the machine's own changes."""


def compare_redaction(directory: str, rounds: int, seconds: float) -> None:
    """Print CPU an event with redaction, as multiples of that without."""
    with ExitStack() as stack:
        servers = {}
        for answer in ("no", "yes"):
            flags = (f"--db={directory}/redact-{answer}.db", f"--redact={answer}", *BOUNDS)
            servers[answer] = Server("-m", "server", "--port={port}", *flags)
            stack.callback(servers[answer].stop)
        single = [_ratio(servers, trace(), 1, SHARE * seconds) for _ in range(ROUNDS_EACH * rounds)]
        array = [
            _ratio(servers, [trace()] * 100, 100, SHARE * seconds)
            for _ in range(ROUNDS_EACH * rounds)
        ]
    report("redaction, single-event POST of 2 KB, multiple of none", single, "at most 1.15")
    report("redaction, event in an array of 100, multiple of none", array, "none set")
    print(f"the look at an event of 2 KB alone: {_microseconds():.1f} us")


def _ratio(servers: dict[str, Server], body, events: int, seconds: float) -> float:
    used = {
        answer: slice_cpu(server, body, events, seconds, stores=True)
        for answer, server in servers.items()
    }
    return used["yes"] / used["no"]


def _microseconds(calls: int = 5000) -> float:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from prometheus_client import CollectorRegistry

    from server.members import TRACE
    from server.metrics import Metrics
    from server.redaction.redactor import Redactor

    redactor = Redactor([], Metrics(CollectorRegistry()).events.redaction)
    row, _ = TRACE.read(trace())
    row |= {name: row[name].encode() for name in TRACE.texts}
    found = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(calls):
            redactor.columns(row, TRACE.names, TRACE.texts, 2**14)
        found.append((time.perf_counter() - start) / calls)
    return statistics.median(found) * 1e6


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tokenweir-bench-") as path:
        compare_redaction(path, 7, 2.0)
