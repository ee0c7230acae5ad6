"""What the journal costs: CPU an event and latency of an answer, beside a service without one.

As in `cpu.py` all run throughout, and only one of them at a time.
"""

import asyncio
import signal
import statistics
import time
from contextlib import ExitStack
from typing import NamedTuple

from cpu import BOUNDS, slice_cpu
from load import read_answer, request, trace
from servers import Server

MODES = {
    "off": ("--journal=off",),
    "inline": (),
    "thread": ("--journal=thread",),
    "inline, sync=interval": ("--journal-sync=interval",),
    "inline, sync=always": ("--journal-sync=always",),
}
ROUNDS_EACH, SHARE = 2, 0.2
"""Shorter slices, and more of them, than in `cpu.py`: what is compared should be close in time."""
GOALS = {"inline": "at most 1.10"}


class Slice(NamedTuple):
    """Of one mode in one round: CPU microseconds an event, and an answer's median latency."""

    single: float
    array: float
    milliseconds: float


def compare_journals(directory: str, rounds: int, seconds: float) -> None:
    """Print the cost of each mode as multiples of `off`, side by side."""
    with ExitStack() as stack:
        servers = {}
        for number, (mode, arguments) in enumerate(MODES.items()):
            database = f"--db={directory}/journal-{number}.db"
            servers[mode] = Server("-m", "server", "--port={port}", database, *BOUNDS, *arguments)
            stack.callback(servers[mode].stop)
            servers[mode].process.send_signal(signal.SIGSTOP)
        found = [
            {mode: _slice(server, SHARE * seconds) for mode, server in servers.items()}
            for _ in range(ROUNDS_EACH * rounds)
        ]
        uncovered = {mode: _uncovered(server) for mode, server in servers.items()}
    print(
        f"CPU of the service with a journal, multiples of none, {len(found)} rounds; closed loop:"
    )
    columns = f"{'one a POST':<17} {'in arrays of 100':<17} {'ms an answer':<12} {'uncovered':<9}"
    print(f"{'mode':<22} {columns} goal")
    for mode, share in uncovered.items():
        print(f"{mode:<22} {_figures(mode, found)} {share:9.2%} {GOALS.get(mode, '')}")


def _slice(server: Server, seconds: float) -> Slice:
    single = slice_cpu(server, trace(), 1, seconds, stores=True)
    array = slice_cpu(server, [trace()] * 100, 100, seconds, stores=True)
    server.process.send_signal(signal.SIGCONT)
    milliseconds = asyncio.run(_latencies(server.port, seconds / 2))
    server.process.send_signal(signal.SIGSTOP)
    return Slice(single, array, statistics.median(milliseconds))


async def _latencies(port: int, seconds: float) -> list[float]:
    """Of answers to one event a POST, over one connection, in ms."""
    payload, found = request(trace()), []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    end = time.monotonic() + seconds
    while (start := time.monotonic()) < end:
        writer.write(payload)
        await read_answer(reader)
        found.append((time.monotonic() - start) * 1e3)
    writer.close()
    return found


def _uncovered(server: Server) -> float:
    """Share of its events that were answered before the journal had them: they cost less."""
    server.process.send_signal(signal.SIGCONT)
    uncovered = server.metric("tokenweir_journal_uncovered_events_total")
    return uncovered / server.metric("tokenweir_events_accepted_total")


def _figures(mode: str, found: list[dict[str, Slice]]) -> str:
    single = _range([each[mode].single / each["off"].single for each in found])
    array = _range([each[mode].array / each["off"].array for each in found])
    milliseconds = statistics.median(each[mode].milliseconds for each in found)
    return f"{single:<17} {array:<17} {milliseconds:<12.2f}"


def _range(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
