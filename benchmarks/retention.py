"""What retention costs whoever sends: answers while it works, beside the same without it.

Two services side by side, each with old rows; one of them deletes them all the while. As in
`journal.py` one at a time is loaded, in turns, and the other is stopped meanwhile.
"""

import asyncio
import signal
import statistics
import time
from typing import NamedTuple

from load import request, trace
from paced import drive_paced
from servers import Server

from server.config import Config
from server.normalise import Normaliser
from server.store.writer import SqliteStore

RATE, CONNECTIONS = 400, 16
SECONDS = 2.0
OLD_ROWS = 250_000
"""More than are deleted in all rounds of seven."""
DAYS = {"off": "0", "deleting": "1"}


class Slice(NamedTuple):
    """An answer's milliseconds in one slice, and rows deleted meanwhile."""

    p50: float
    p99: float
    deleted: float


def compare_retention(directory: str, rounds: int) -> None:
    """Print median and p99 of answers with and without retention at work, and their ratios."""
    servers = {mode: _start(directory, mode) for mode in DAYS}
    found = []
    for number in range(rounds):
        order = list(servers) if number % 2 else list(reversed(servers))
        found.append({mode: _slice(servers[mode]) for mode in order})
    for server in servers.values():
        server.stop()
    print(f"{RATE} requests/s of one event of 2 KB, {rounds} rounds, answers in ms:")
    print(f"{'retention':<10} {'p50':>6} {'p99':>6} {'deleted/s':>10}")
    for mode in DAYS:
        each = zip(*(one[mode] for one in found), strict=True)
        p50, p99, deleted = map(statistics.median, each)
        print(f"{mode:<10} {p50:6.2f} {p99:6.2f} {deleted / SECONDS:10.0f}")
    for name in ("p50", "p99"):
        ratios = [getattr(r["deleting"], name) / getattr(r["off"], name) for r in found]
        spread = f"({min(ratios):.2f}-{max(ratios):.2f})"
        print(f"{name} of an answer, multiple: {statistics.median(ratios):.2f} {spread}, goal 1.0")


def _start(directory: str, mode: str) -> Server:
    """A stopped service on a database of rows two days old."""
    path = f"{directory}/retention-{mode}.db"
    _fill(path)
    days = f"--retention-days={DAYS[mode]}"
    server = Server(
        "-m", "server", "--port={port}", f"--db={path}", days, "--text-retention-days=0"
    )
    server.process.send_signal(signal.SIGSTOP)
    return server


def _fill(path: str) -> None:
    config = Config()
    normaliser = Normaliser(config.max_text_bytes, config.max_metadata_bytes)
    store = SqliteStore(path)
    store.open()
    old = int((time.time() - 2 * 86_400) * 1000)
    for start in range(0, OLD_ROWS, 500):
        rows = [normaliser.trace(trace(), "native") for _ in range(500)]
        store.write([row._replace(created_at=old + start) for row in rows])
    store.close()


def _slice(server: Server) -> Slice:
    server.process.send_signal(signal.SIGCONT)
    before = _deleted(server)
    load = drive_paced(server.port, request(trace()), CONNECTIONS, RATE, SECONDS)
    cuts = statistics.quantiles(asyncio.run(load).milliseconds, n=100)
    deleted = _deleted(server) - before
    server.process.send_signal(signal.SIGSTOP)
    return Slice(cuts[49], cuts[98], deleted)


def _deleted(server: Server) -> float:
    return server.metric("tokenweir_storage_retention_deleted_rows_total")
