"""Resident memory with the default queue full behind a locked database."""

import sqlite3
from contextlib import closing

from .load.driving import drive
from .servers import service
from .works import traces

TEXT_BYTES = 12_000
"""The bytes of the queue run out long before its events."""


def full_queue_mib(directory: str) -> float:
    """MiB once the first event is dropped."""
    path = f"{directory}/full.db"
    server = service(path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            while server.health("events_dropped") == 0:
                drive(server.port, traces(50, TEXT_BYTES), 1, 0.2)
            return server.rss_mib()
    finally:
        server.stop()
