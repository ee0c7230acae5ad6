"""What a locked database and a stop under load come to for whoever sends."""

import asyncio
import sqlite3
import statistics
import time
from contextlib import closing

from load import request, trace
from paced import Answered, drive_paced
from servers import Server, wait_for

RATE = 500
CONNECTIONS = 16
LOCK_SECONDS = 8.0
PLAIN_SECONDS = 3.0


def measure_faults(directory: str) -> None:
    """Print how answers fare behind a lock, how fast the queue empties, how long a stop takes."""
    print(f"{RATE} requests/s of one event of 2 KB, {CONNECTIONS} connections, open loop:")
    print(f"{'answers, ms from when they were due':<38} {'p50':>7} {'p99':>7} {'max':>7}  goal")
    path = f"{directory}/faults.db"
    service = Server("-m", "server", "--port={port}", f"--db={path}")
    accepted = _paced(service, "database free", PLAIN_SECONDS)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        accepted += _paced(service, f"database locked for {LOCK_SECONDS:.0f} s", LOCK_SECONDS)
        waiting = service.health("queue_depth")
        lock.execute("ROLLBACK")
    started = time.monotonic()
    wait_for(lambda: service.health("queue_depth") == 0, "the queue to empty")
    took = time.monotonic() - started
    print(f"until {waiting} events that waited were stored: {took:.2f} s, goal under 5")
    more = _stop(service)
    print(f"answered as accepted, and not stored: {accepted + more - _rows(path)}, goal 0")


def _paced(service: Server, what: str, seconds: float) -> int:
    """Print the delays of `seconds` of load; how many events were accepted."""
    load = drive_paced(service.port, request(trace()), CONNECTIONS, RATE, seconds)
    found = asyncio.run(load)
    cuts = statistics.quantiles(found.milliseconds, n=100)
    figures = f"{cuts[49]:7.1f} {cuts[98]:7.1f} {max(found.milliseconds):7.1f}"
    print(f"{what:<38} {figures}  p99 under 50")
    return found.accepted


def _stop(service: Server) -> int:
    """Print how long a stop under load takes, and its status; how many events were accepted."""
    found, took = asyncio.run(_terminate(service))
    status = service.process.returncode
    print(f"SIGTERM under load to exit with status {status}: {took:.2f} s, goal under 3, status 0")
    return found.accepted


async def _terminate(service: Server) -> tuple[Answered, float]:
    load = drive_paced(service.port, request(trace()), CONNECTIONS, RATE, LOCK_SECONDS)
    driving = asyncio.create_task(load)
    await asyncio.sleep(2)
    started = time.monotonic()
    service.process.terminate()
    await asyncio.to_thread(service.process.wait, 30)
    took = time.monotonic() - started
    return await driving, took


def _rows(path: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT count(*) FROM llm_traces").fetchone()[0])
