"""The load generator, a process of its own: plain sockets and one epoll, no asyncio.

It reads a line of JSON from stdin (see Order) and behind it the request, says that it is connected,
waits a moment, sends, and prints what came of it as JSON. A request costs 20 to 100 us of CPU here,
which is not the server's.
"""

import contextlib
import gc
import json
import re
import resource
import select
import socket
import statistics
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from .payload import fresh

_ACCEPTED = re.compile(rb'"accepted":\s*(\d+)')
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
PATIENCE = 20.0
"""Seconds for the last answers."""


@dataclass(frozen=True)
class Order:
    """What to send. Without a `rate` (requests a second) each answer is followed by a request.

    With one, the n-th request is due at n / rate, and waits where no connection is free.
    """

    port: int
    events: int
    connections: int
    seconds: float
    rate: float = 0.0
    first: int = 0
    """The first event's number."""
    keep: bool = True
    """Or close each connection after one answer."""


class Gone(Exception):
    """The last connection was closed, and there is no other to be had."""


class Connection:
    """A socket, with what is still to be sent and what has come of an answer."""

    __slots__ = ("due", "received", "socket", "unsent")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.due = 0.0
        self.received = b""
        self.unsent = memoryview(b"")


class Generator:
    """Sends by an order, and notes what comes back."""

    def __init__(self, order: Order, requests: Iterator[bytes]) -> None:
        self._order, self._requests = order, requests
        self._poll = select.epoll()
        self._open: dict[int, Connection] = {}
        self._idle: deque[Connection] = deque()
        self._busy = 0
        self.answers: Counter[str] = Counter()
        self.accepted = 0
        self.seconds: list[float] = []
        for _ in range(order.connections):
            self._connect()

    def run(self) -> float:
        """Send all, and wait for the answers; seconds it took."""
        start = time.perf_counter()
        with contextlib.suppress(Gone):
            if self._order.rate:
                self._paced(start)
            else:
                self._saturated(start + self._order.seconds)
        took = time.perf_counter() - start
        with contextlib.suppress(Gone):
            while self._busy and time.perf_counter() < start + took + PATIENCE:
                self._look(0.1)
        return took

    def _paced(self, start: float) -> None:
        dues = deque(start + n / self._order.rate for n in range(self._total()))
        while dues:
            now = time.perf_counter()
            while dues and self._idle and dues[0] <= now:
                self._send(self._idle.popleft(), dues.popleft())
            waits = not self._idle  # for an answer, not for the clock
            self._look(1.0 if waits else dues[0] - now if dues else 0)

    def _total(self) -> int:
        return max(1, round(self._order.rate * self._order.seconds))

    def _saturated(self, end: float) -> None:
        while (now := time.perf_counter()) < end:
            while self._idle:
                self._send(self._idle.popleft(), now)
            self._look(end - now)

    def _send(self, connection: Connection, due: float) -> None:
        self._busy += 1
        connection.due = due
        connection.unsent = memoryview(next(self._requests))
        self._push(connection)
        if connection.unsent:
            self._poll.modify(connection.socket, select.EPOLLIN | select.EPOLLOUT)

    def _push(self, connection: Connection) -> None:
        """Send what the socket takes."""
        try:
            sent = connection.socket.send(connection.unsent)
        except BlockingIOError:
            sent = 0
        except ConnectionError:
            sent = len(connection.unsent)  # what is read next says so
        connection.unsent = connection.unsent[sent:]

    def _look(self, seconds: float) -> None:
        """Wait at most so long for answers, and take them."""
        if seconds > 0:  # epoll itself would round up to a millisecond
            select.select([self._poll.fileno()], [], [], seconds)
        for number, events in self._poll.poll(0):
            connection = self._open[number]
            if connection.unsent and events & select.EPOLLOUT:
                self._push(connection)
                if not connection.unsent:
                    self._poll.modify(connection.socket, select.EPOLLIN)
            if events & ~select.EPOLLOUT and number in self._open:
                self._receive(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.socket.recv(1 << 18)
        except ConnectionError:
            data = b""
        if not data:
            return self._lost(connection)
        if connection.received:
            data = connection.received + data
        head = data.find(b"\r\n\r\n")
        length = head >= 0 and _LENGTH.search(data, 0, head)
        if not length or len(data) < head + 4 + int(length[1]):
            connection.received = data
            return None
        connection.received = b""
        return self._answered(connection, data)

    def _answered(self, connection: Connection, data: bytes) -> None:
        self.seconds.append(time.perf_counter() - connection.due)
        self.answers[data[9:12].decode()] += 1
        if data[9:10] == b"2":
            told = _ACCEPTED.search(data)
            self.accepted += int(told[1]) if told else self._order.events
        self._busy -= 1
        if self._order.keep:
            self._idle.append(connection)
        else:
            self._drop(connection)

    def _lost(self, connection: Connection) -> None:
        """It was closed; a request that was on its way has no answer."""
        if connection not in self._idle:
            self._busy -= 1
            self.answers["none"] += 1
        else:
            self._idle.remove(connection)
        self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        del self._open[connection.socket.fileno()]
        connection.socket.close()
        try:
            self._connect()
        except ConnectionError:  # nobody listens any more
            if not self._open:
                raise Gone from None

    def _connect(self) -> None:
        connection = Connection(self._order.port)
        self._poll.register(connection.socket, select.EPOLLIN)
        self._open[connection.socket.fileno()] = connection
        self._idle.append(connection)


def _shown(generator: Generator, took: float) -> dict[str, object]:
    ms = [each * 1e3 for each in generator.seconds] or [0.0]
    cuts = statistics.quantiles(ms, n=100) if len(ms) > 1 else ms * 99
    return {
        "answers": generator.answers,
        "accepted": generator.accepted,
        "seconds": took,
        "p50_ms": cuts[49],
        "p99_ms": cuts[98],
        "max_ms": max(ms),
        "own_us": time.process_time() / len(ms) * 1e6,
    }


def settling(connections: int) -> float:
    """Seconds until a server has surely taken so many connections."""
    return 0.05 + connections / 4000


def main() -> None:
    """Do what stdin says."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    order = Order(**json.loads(sys.stdin.buffer.readline()))
    requests = fresh(sys.stdin.buffer.read(), order.first)
    generator = Generator(order, requests)
    print("connected", flush=True)
    time.sleep(settling(order.connections))
    gc.freeze()
    gc.disable()
    print(json.dumps(_shown(generator, generator.run())))


if __name__ == "__main__":
    main()
