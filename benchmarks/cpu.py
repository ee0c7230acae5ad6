"""CPU an event, as multiples of a bare Tornado handler's.

Both servers run throughout; each round gives each of them one slice of each work in turn, with
the other stopped meanwhile. CPU is the server process's user and system time, until what it
accepted is stored, over the events answered. Reported are the rounds' own ratios: machines that
others share are not fast or slow by themselves.
"""

import asyncio
import signal
import statistics
from pathlib import Path

from load import drive, request, trace
from servers import Server, wait_for

CONNECTIONS = 16
BOUNDS = ("--queue-events=10000000", "--queue-bytes=10000000000", "--max-storage-bytes=0")
"""A queue without any, so that each event counted was stored: a dropped one costs less."""
HERE = Path(__file__).resolve().parent


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
    service = Server("-m", "server", "--port={port}", f"--db={directory}/cpu.db", *BOUNDS)
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
    report("single-event POST of 2 KB, multiple of the bare handler", single, "at most 1.6")
    report("event in an array of 100, multiple of the bare handler", array, "at most 0.1")
    print(f"events dropped meanwhile: {dropped}")


def report(what: str, ratios: list[float], goal: str) -> None:
    """One line: median and range, and the goal."""
    middle = statistics.median(ratios)
    print(f"{what}: {middle:.2f} ({min(ratios):.2f}-{max(ratios):.2f}), goal {goal}")
