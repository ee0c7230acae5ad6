"""One stream over a real socket, on the loop that serves it: sent in parts, read to the end."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence

SECONDS = 1.0
"""Longest wait for the end of a connection whose sender said all it had to say."""

_TAKEN_TURNS = 6
_READ_TURNS = 3
"""Turns of the loop in which a connection is taken, and in which what came is read."""


class Came:
    """What came back on one connection."""

    def __init__(self) -> None:
        self.data = b""
        self.is_reset = False


async def exchange(address: tuple[str, int], parts: Sequence[bytes], *, ends: bool = True) -> Came:
    """Send the parts, each read before the next is sent; all that came back.

    `ends`: says then that it says no more. Raises TimeoutError where the connection stays open.
    """
    came = Came()
    with _connected(address) as connection:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        loop.add_reader(connection, _read, connection, came, ended)
        timer = loop.call_later(SECONDS, _late, ended)
        try:
            await _send(connection, parts, ends)
            await ended
        finally:
            timer.cancel()
            loop.remove_reader(connection)
    return came


def _connected(address: tuple[str, int]) -> socket.socket:
    connection = socket.create_connection(address)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    return connection


async def _send(connection: socket.socket, parts: Sequence[bytes], ends: bool) -> None:
    if len(parts) > 1:
        await _turns(_TAKEN_TURNS)
    with contextlib.suppress(OSError):  # it was told enough, and has said so
        for n, part in enumerate(parts):
            if n:
                await _turns(_READ_TURNS)
            connection.sendall(part)
        if ends:
            connection.shutdown(socket.SHUT_WR)


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _read(connection: socket.socket, came: Came, ended: "asyncio.Future[None]") -> None:
    try:
        data = connection.recv(2**18)
    except BlockingIOError:
        return
    except ConnectionError:
        came.is_reset, data = True, b""
    came.data += data
    if not data and not ended.done():
        ended.set_result(None)


def _late(ended: "asyncio.Future[None]") -> None:
    if not ended.done():
        ended.set_exception(TimeoutError("the connection stays open"))
