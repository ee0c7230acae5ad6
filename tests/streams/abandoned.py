"""Connections that are left at whatever point: some said so, some break, some hang, some drip."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from random import Random

from server.config import Config
from server.service import Service

from ..conftest import until
from ..raw import reset, where
from .grammar import stream
from .mutations import mutated
from .target import leftovers

TIMEOUT = 0.4
"""Seconds that a head, a body and an idle connection are waited for."""
WAYS = ("closes", "breaks", "hangs", "drips", "closes late", "breaks late", "is deaf")
AT_ONCE = 60


def settings(database: str) -> Config:
    """So that what hangs is let go soon."""
    return Config(
        db=database,
        port=0,
        http="lean",
        journal="off",
        idle_timeout_seconds=TIMEOUT,
        body_timeout_seconds=TIMEOUT,
        max_bodies_bytes=2**20,
    )


async def abandon(service: Service, seed: int, count: int) -> None:
    """Leave so many connections, and wait until nothing is left of any. Raises TimeoutError."""
    limit = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for data, way, random in _sent(seed, count):
            await limit.acquire()
            task = group.create_task(_leave(service.url, data, way, random))
            task.add_done_callback(lambda _: limit.release())
    await until(lambda: not any(leftovers(service).values()), 10)


def _sent(seed: int, count: int) -> Iterator[tuple[bytes, str, Random]]:
    for number in range(count):
        random = Random(f"{seed}/{number}")  # noqa: S311 to be repeated, not secret
        data = mutated(random, stream(random, f"left-{number}"))
        if random.random() < 0.3:
            data = _large(random)
        yield data[: random.randrange(len(data) + 1)], random.choice(WAYS), random


def _large(random: Random) -> bytes:
    """A body for which room is taken."""
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    size = random.choice((20_000, 70_000, 300_000))
    if random.random() < 0.5:
        return head + b"Content-Length: %d\r\n\r\n" % size + b" " * size
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"3e8\r\n" + b" " * 1000 + b"\r\n") * 100


async def _leave(url: str, data: bytes, way: str, random: Random) -> None:
    loop = asyncio.get_running_loop()
    connection = socket.create_connection(where(url))
    connection.setblocking(False)
    with contextlib.closing(connection), contextlib.suppress(ConnectionError):
        await asyncio.wait_for(loop.sock_sendall(connection, data), 5)
        if way in ("closes late", "breaks late"):
            await asyncio.sleep(random.random() * TIMEOUT)  # what the sender does, no wait
        if way.startswith("breaks"):
            reset(connection)
        elif way == "hangs":
            await _end(connection)
        elif way == "drips":
            await _drip(connection, random)
        elif way == "is deaf":
            await asyncio.sleep(TIMEOUT * 1.5)  # what it does: nothing


async def _drip(connection: socket.socket, random: Random) -> None:
    """Raises ConnectionError once the service has let go."""
    loop = asyncio.get_running_loop()
    for _ in range(200):  # 10 s; more than any clock here
        await loop.sock_sendall(connection, bytes([random.choice(b"x 0\r\n:")]))
        await asyncio.sleep(0.05)  # from one drop to the next
    raise TimeoutError("a drip keeps its connection")


async def _end(connection: socket.socket) -> None:
    async with asyncio.timeout(10):
        while await asyncio.get_running_loop().sock_recv(connection, 2**16):
            pass
