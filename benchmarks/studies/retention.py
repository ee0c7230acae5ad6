"""What retention costs whoever sends: answers while it works, beside the same without it.

Two services side by side, each with old rows; one of them deletes them all the while. One at a
time is loaded, in turns, and the other is paused meanwhile.

`python -m benchmarks.studies.retention`
"""

import statistics
import tempfile
from typing import NamedTuple

from ..filling import fill
from ..load.calls import trace
from ..load.driving import drive
from ..load.payload import post
from ..report.figures import spread
from ..servers import Server, service

RATE, CONNECTIONS = 400, 16
ROUNDS, SECONDS = 7, 2.0
OLD_ROWS = 250_000
"""More than are deleted in all rounds of seven."""
DAYS = {"off": "0", "deleting": "1"}


class Slice(NamedTuple):
    """An answer's milliseconds in one slice, and rows deleted meanwhile."""

    p50: float
    p99: float
    deleted: float


def compare_retention(directory: str) -> None:
    """Print median and p99 of answers with and without retention at work, and their ratios."""
    servers = {mode: _start(directory, mode) for mode in DAYS}
    found = []
    for number in range(ROUNDS):
        order = list(servers) if number % 2 else list(reversed(servers))
        found.append({mode: _slice(servers[mode]) for mode in order})
    for server in servers.values():
        server.stop()
    print(f"{RATE} requests/s of one event of 2 KB, {ROUNDS} rounds, answers in ms:")
    print(f"{'retention':<10} {'p50':>6} {'p99':>6} {'deleted/s':>10}")
    for mode in DAYS:
        each = zip(*(one[mode] for one in found), strict=True)
        p50, p99, deleted = map(statistics.median, each)
        print(f"{mode:<10} {p50:6.2f} {p99:6.2f} {deleted / SECONDS:10.0f}")
    for name in ("p50", "p99"):
        ratios = spread(getattr(r["deleting"], name) / getattr(r["off"], name) for r in found)
        print(f"{name} of an answer, multiple: {ratios}, goal 1.0")


def _start(directory: str, mode: str) -> Server:
    """A paused service on a database of rows three to five days old."""
    path = f"{directory}/retention-{mode}.db"
    fill(path, OLD_ROWS, text_bytes=2048, first_days=5, last_days=3)
    server = service(path, f"--retention-days={DAYS[mode]}", "--text-retention-days=0")
    server.pause()
    return server


def _slice(server: Server) -> Slice:
    server.resume()
    before = _deleted(server)
    found = drive(server.port, post(trace()), CONNECTIONS, SECONDS, rate=RATE)
    deleted = _deleted(server) - before
    server.pause()
    return Slice(found.p50_ms, found.p99_ms, deleted)


def _deleted(server: Server) -> float:
    return server.metric("tokenweir_storage_retention_deleted_rows_total")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tokenweir-bench-") as folder:
        compare_retention(folder)
