"""How the cost of an event grows: by events a request, rows stored, connections, size of texts.

Load is paced throughout, so that only what is on the curve's axis changes.
"""

import resource
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from .compare import Say
from .contenders import DEFAULT, layers
from .filling import fill
from .load.payload import Payload
from .servers import Server, service
from .slices import Json, measure
from .works import CONNECTIONS, traces

EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
EVENTS_RATE = 2000
"""Events a second, in requests of any size."""
ROWS = (0, 1000, 10_000, 100_000, 1_000_000)
ROWS_RATE = 1000
OPEN = (1, 10, 100, 300, 1000)
OPEN_RATE = 1000
TEXTS = (128, 512, 2048, 8192, 32_768, 65_536)
"""Bytes in both texts of a call; over 32 KiB they are cut, at `max_text_bytes` each."""
TEXTS_RATE = 300


@dataclass(frozen=True)
class Point:
    """One server under one load; `line` is the plot's, `x` where on its axis."""

    line: str
    x: int
    server: Server
    payload: Payload
    connections: int
    rate: float


class Curves:
    """All four, each in `rounds` rounds over its points."""

    def __init__(self, directory: str, rounds: int, seconds: float, say: Say) -> None:
        self._directory, self._rounds, self._seconds, self._say = directory, rounds, seconds, say
        self._started = 0

    def by_events(self, events: Iterable[int] = EVENTS) -> Json:
        """Events a request, at the same number of events a second."""
        with ExitStack() as stack:
            servers = {name: self._start(stack, name) for name in layers()}
            points = [
                Point(name, n, server, traces(n), CONNECTIONS, EVENTS_RATE / n)
                for name, server in servers.items()
                for n in events
            ]
            return self._measured("events a request", points)

    def by_rows(self, rows: Iterable[int] = ROWS) -> Json:
        """Rows in the database beforehand."""
        with ExitStack() as stack:
            points = []
            for n in rows:
                database = f"{self._directory}/rows-{n}.db"
                self._say(f"writing {n} rows")
                fill(database, n)
                server = self._start(stack, DEFAULT, database)
                points.append(Point(DEFAULT, n, server, traces(1), CONNECTIONS, ROWS_RATE))
            return self._measured("rows stored", points)

    def by_connections(self, connections: Iterable[int] = OPEN) -> Json:
        """Connections, with the same number of requests a second over all of them."""
        _raise_file_limit()
        with ExitStack() as stack:
            points = [
                Point(name, n, self._start(stack, name), traces(1), n, OPEN_RATE)
                for name in layers()
                for n in connections
            ]
            return self._measured("connections", points)

    def by_text(self, sizes: Iterable[int] = TEXTS) -> Json:
        """Bytes of text in a call."""
        with ExitStack() as stack:
            server = self._start(stack, DEFAULT)
            points = [
                Point(DEFAULT, n, server, traces(1, n), CONNECTIONS, TEXTS_RATE) for n in sizes
            ]
            return self._measured("bytes of text", points)

    def _start(self, stack: ExitStack, layer: str, database: str = "") -> Server:
        """A paused service."""
        self._started += 1
        name = database or f"{self._directory}/curve-{self._started}.db"
        server = service(name, *layers()[layer])
        stack.callback(server.stop)
        server.pause()
        return server

    def _measured(self, what: str, points: Sequence[Point]) -> Json:
        """By line, then by x: a slice a round. One before the first warms up."""
        found: dict[str, dict[int, list[Json]]] = {one.line: {} for one in points}
        for one in points:
            found[one.line][one.x] = []
        for number in range(0 if self._rounds > 1 else 1, self._rounds + 1):
            self._say(f"curve by {what}, round {number} of {self._rounds}")
            for one in points if number % 2 else points[::-1]:
                seconds = self._seconds if number else min(0.5, self._seconds)
                taken = measure(one.server, one.payload, one.connections, seconds, one.rate)
                if number:
                    found[one.line][one.x].append(asdict(taken))
        return found


def _raise_file_limit() -> None:
    """So that a service may have 1,000 connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
