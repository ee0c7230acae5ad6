"""One slice of load on one server, and what it cost.

CPU is that of the server's whole process tree, from when all are connected until what it
accepted is stored, over the events answered for. All other servers are paused meanwhile.
"""

import contextlib
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .load.driving import Load
from .load.payload import Payload
from .servers import Server

Json = dict[str, Any]
"""What is kept of all that was measured."""
TABLES = ("llm_traces", "error_events", "traces", "errors")
"""Ours, and those of other services that one may put beside it; ids in them only grow."""
QUIET = 2.0
"""Seconds without another row, after which what is missing is lost."""


@dataclass(frozen=True)
class Slice:
    """Of one server under one kind of work. `lost`: accepted, and not stored."""

    us: float
    p50_ms: float
    p99_ms: float
    accepted: int
    lost: int
    per_second: float
    """Events stored (or answered, where nothing is stored) over the time until the last one was."""
    rss_mib: float
    """The most that was seen meanwhile."""


class Rows:
    """How many rows a database has had."""

    def __init__(self, database: str) -> None:
        self._file = Path(database)
        self._db: sqlite3.Connection | None = None

    def count(self) -> int:
        """Now; none where there is no table yet."""
        with contextlib.suppress(sqlite3.Error):
            if not self._db:
                self._db = sqlite3.connect(f"{self._file.as_uri()}?mode=ro", uri=True, timeout=5)
            named = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            there = {name for (name,) in named} & set(TABLES)
            return sum(_last_id(self._db, table) for table in there)
        return 0

    def close(self) -> None:
        """Let go of the file."""
        if self._db:
            self._db.close()
            self._db = None


def _last_id(db: sqlite3.Connection, table: str) -> int:
    query = f"SELECT coalesce(max(rowid), 0) FROM {table}"  # noqa: S608 one of TABLES
    return int(db.execute(query).fetchone()[0])


def measure(
    server: Server, payload: Payload, connections: int, seconds: float, rate: float = 0.0
) -> Slice:
    """Resume the server, load it, pause it. Raises RuntimeError where an answer is no 2xx."""
    server.resume()
    rows = Rows(server.database) if server.database else None
    load, rss = Load(server.port, payload, connections, seconds, rate=rate), 0.0
    load.wait_until_connected()
    before, cpu = rows.count() if rows else 0, server.cpu_seconds()
    while load.running():
        rss = max(rss, server.rss_mib())
        time.sleep(0.05)
    found, answered = load.result(), time.perf_counter()
    stored = _wait(rows, before, found.accepted) if rows else found.accepted
    took = found.seconds + time.perf_counter() - answered
    used = server.cpu_seconds() - cpu
    server.pause()
    if rows:
        rows.close()
    if not found.accepted or any(code[0] != "2" for code in found.answers):
        raise RuntimeError(f"answers other than 2xx: {dict(found.answers)}")
    us, lost = used / found.accepted * 1e6, found.accepted - stored
    return Slice(us, found.p50_ms, found.p99_ms, found.accepted, lost, stored / took, rss)


def _wait(rows: Rows, before: int, accepted: int) -> int:
    """Until all are stored, or none has come for a while; how many are."""
    stored, last = 0, time.monotonic()
    while stored < accepted and time.monotonic() - last < QUIET:
        if (now := rows.count() - before) > stored:
            stored, last = now, time.monotonic()
        time.sleep(0.01)
    return stored
