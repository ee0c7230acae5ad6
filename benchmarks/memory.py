"""Resident memory of the service."""

import asyncio
import sqlite3

from load import drive, request, trace
from servers import Server


def measure_memory(directory: str) -> None:
    """Print resident memory idle, and with the default queue full behind a locked database."""
    path = f"{directory}/memory.db"
    service = Server("-m", "server", "--port={port}", f"--db={path}")
    idle = service.rss_mib()
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    body = [trace(12_000)] * 50
    while service.health("events_dropped") == 0:
        asyncio.run(drive(service.port, request(body), 1, 0.2))
    print(f"RSS idle: {idle:.0f} MiB, goal under 70")
    print(f"RSS with the default queue full: {service.rss_mib():.0f} MiB, goal under 200")
    lock.close()
    service.stop()
