"""CPU of the service beside a bare Tornado handler, and its memory. `make bench`

Both servers run throughout; each round gives each of them one slice of each work in turn, with
the other stopped meanwhile. CPU is the server process's user and system time, until what it
accepted is stored, over the events answered. Reported are the rounds' own ratios: machines that
others share are not fast or slow by themselves.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from load import drive, request, trace

CONNECTIONS = 16
HERE = Path(__file__).resolve().parent


class Server:
    """A process that listens, and what it has used so far."""

    def __init__(self, *command: str) -> None:
        self.port = free_port()
        filled = [word.format(port=self.port) for word in command]
        self.process = subprocess.Popen([sys.executable, *filled], stdout=subprocess.DEVNULL)
        wait_for(lambda: can_connect(self.port), "the server to listen")

    def cpu_seconds(self) -> float:
        """User and system time so far."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def health(self, key: str) -> int:
        """A number of /health, which costs far less than a scrape."""
        return int(json.load(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health"))[key])

    def stop(self) -> None:
        """End it, also when it is stopped by SIGSTOP."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(30)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def can_connect(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, what: str, seconds: float = 60) -> None:
    """Poll until `condition` holds; RuntimeError when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)


def slice_cpu(server: Server, body, events: int, seconds: float, stores: bool) -> float:
    """CPU microseconds an event of one slice of load."""
    server.process.send_signal(signal.SIGCONT)
    before = server.cpu_seconds()
    codes = asyncio.run(drive(server.port, request(body), CONNECTIONS, seconds))
    if set(codes) != {b"202"}:
        raise RuntimeError(f"answers other than 202: {codes}")
    if stores:
        wait_for(lambda: server.health("queue_depth") == 0, "the queue to empty")
    used = server.cpu_seconds() - before
    server.process.send_signal(signal.SIGSTOP)
    return used * 1e6 / (codes.total() * events)


def compare_cpu(directory: str, rounds: int, seconds: float) -> None:
    """Print CPU an event, single and in arrays of 100, as multiples of the bare handler's."""
    bare = Server(str(HERE / "bare.py"), "{port}")
    # a queue without bounds, so that each event counted was stored: a dropped one costs less
    bounds = ("--queue-events=10000000", "--queue-bytes=10000000000")
    service = Server("-m", "server", "--port={port}", f"--db={directory}/cpu.db", *bounds)
    single: list[float] = []
    array: list[float] = []
    print("us CPU an event:")
    print(f"{'round':>5} {'bare':>8} {'single':>8} {'ratio':>6} {'of 100':>8} {'ratio':>6}")
    for number in range(1, rounds + 1):
        floor = slice_cpu(bare, trace(), 1, seconds, stores=False)
        one = slice_cpu(service, trace(), 1, seconds, stores=True)
        many = slice_cpu(service, [trace()] * 100, 100, seconds, stores=True)
        single.append(one / floor)
        array.append(many / floor)
        ratios = f"{one:8.1f} {one / floor:6.2f} {many:8.1f} {many / floor:6.2f}"
        print(f"{number:>5} {floor:8.1f} {ratios}")
    bare.stop()
    service.process.send_signal(signal.SIGCONT)
    dropped = service.health("events_dropped")
    service.stop()
    report("single-event POST of 2 KB, multiple of the bare handler", single, "at most 1.9")
    report("event in an array of 100, multiple of the bare handler", array, "at most 0.33")
    print(f"events dropped meanwhile: {dropped}")


def report(what: str, ratios: list[float], goal: str) -> None:
    """One line: median and range, and the goal."""
    middle = statistics.median(ratios)
    print(f"{what}: {middle:.2f} ({min(ratios):.2f}-{max(ratios):.2f}), goal {goal}")


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


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the comparison")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one slice")
    arguments = parser.parse_args()
    build = (
        f"CPython {platform.python_version()} ({sys.executable}), SQLite {sqlite3.sqlite_version}"
    )
    print(f"{build}; closed loop, {CONNECTIONS} connections")
    directory = tempfile.mkdtemp(prefix="tokenweir-bench-")
    try:
        compare_cpu(directory, arguments.rounds, arguments.seconds)
        measure_memory(directory)
    finally:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
