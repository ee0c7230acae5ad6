"""What a locked database and a stop under load come to for whoever sends.

`python -m benchmarks.studies.faults`
"""

import sqlite3
import tempfile
import time
from contextlib import closing

from ..load.driving import Answered, Load, drive
from ..servers import Server, service, wait_for
from ..slices import Rows
from ..works import traces

RATE = 500
CONNECTIONS = 16
LOCK_SECONDS = 8.0
PLAIN_SECONDS = 3.0


def measure_faults(directory: str) -> None:
    """Print how answers fare behind a lock, how fast the queue empties, how long a stop takes."""
    print(f"{RATE} requests/s of one event of 2 KB, {CONNECTIONS} connections, open loop:")
    print(f"{'answers, ms from when they were due':<38} {'p50':>7} {'p99':>7} {'max':>7}  goal")
    path = f"{directory}/faults.db"
    server = service(path)
    accepted = _paced(server, "database free", PLAIN_SECONDS)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        accepted += _paced(server, f"database locked for {LOCK_SECONDS:.0f} s", LOCK_SECONDS)
        waiting = server.health("queue_depth")
        lock.execute("ROLLBACK")
    started = time.monotonic()
    server.settle()
    took = time.monotonic() - started
    print(f"until {waiting} events that waited were stored: {took:.2f} s, goal under 5")
    more = _stop(server)
    lost = accepted + more - Rows(path).count()
    print(f"answered as accepted, and not stored: {lost}, goal 0")


def _paced(server: Server, what: str, seconds: float) -> int:
    """Print the delays of `seconds` of load; how many events were accepted."""
    found = drive(server.port, traces(1), CONNECTIONS, seconds, rate=RATE)
    figures = f"{found.p50_ms:7.1f} {found.p99_ms:7.1f} {found.max_ms:7.1f}"
    print(f"{what:<38} {figures}  p99 under 50")
    return found.accepted


def _stop(server: Server) -> int:
    """Print how long a stop under load takes, and its status; how many events were accepted."""
    load = Load(server.port, traces(1), CONNECTIONS, LOCK_SECONDS, rate=RATE)
    before = server.metric("tokenweir_events_accepted_total")
    wait_for(lambda: server.metric("tokenweir_events_accepted_total") > before + RATE, "load")
    started = time.monotonic()
    server.process.terminate()
    server.process.wait(30)
    took, status = time.monotonic() - started, server.process.returncode
    print(f"SIGTERM under load to exit with status {status}: {took:.2f} s, goal under 3, status 0")
    found: Answered = load.result()
    return found.accepted


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tokenweir-bench-") as folder:
        measure_faults(folder)
