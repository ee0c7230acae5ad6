"""Taking connections: up to a limit, and through a shortage of file descriptors."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from tornado.ioloop import IOLoop

from .answer import refused
from .descriptors import descriptors
from .hub import Hub
from .refusals import FULL

logger = logging.getLogger(__name__)

OTHER_DESCRIPTORS = 32
"""File descriptors kept for the store, the log, the loop, and connections that linger."""

_AT_ONCE = 128
_PAUSE_SECONDS = 0.5
_QUIET_SECONDS = 60.0
_STALLED_MS = 30_000

Serve = Callable[[socket.socket, Any], None]


class Listener:
    """Accepts connections and hands them on. Lives on the event loop."""

    def __init__(self, serve: Serve, hub: Hub, max_connections: int) -> None:
        """`serve` gets each connection with its peer's address, and adds it to `hub.open`."""
        self._serve, self._hub = serve, hub
        self._most = max(1, min(max_connections, descriptors() - OTHER_DESCRIPTORS))
        self._sockets: list[socket.socket] = []
        self._warned = -_QUIET_SECONDS

    def start(self, sockets: Sequence[socket.socket]) -> None:
        """Listen at bound sockets, which are closed by `stop`."""
        self._sockets = list(sockets)
        self._listen()

    def stop(self) -> None:
        """Take no more connections; open ones stay. May be called when not started."""
        for listening in self._sockets:
            IOLoop.current().remove_handler(listening)
            listening.close()
        self._sockets = []

    def _listen(self) -> None:
        for listening in self._sockets:
            IOLoop.current().add_handler(listening, self._ready, IOLoop.READ)

    def _ready(self, listening: Any, events: int) -> None:
        """Accept what waits, but let others have a turn too."""
        for _ in range(_AT_ONCE):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            except OSError as error:  # out of descriptors or memory: that passes
                return self._rest(error)
            self._take(connection, address)

    def _take(self, connection: socket.socket, address: Any) -> None:
        connection.setblocking(False)
        if len(self._hub.open) >= self._most:
            return self._turn_away(connection)
        with contextlib.suppress(OSError, AttributeError):  # Linux: lets go who never reads
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_MS)
        self._serve(connection, address)

    def _turn_away(self, connection: socket.socket) -> None:
        self._hub.refused(FULL, "other")
        self._warn("the limit of %d connections is reached; more are turned away", self._most)
        with contextlib.suppress(OSError):
            connection.send(refused(FULL))
        self._hub.lingering.close(connection)

    def _rest(self, error: OSError) -> None:
        """Leave connections waiting for a moment, rather than to try without end."""
        self._warn("no connections are taken for a moment: %s", error.strerror)
        for listening in self._sockets:
            IOLoop.current().remove_handler(listening)
        asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._listen)

    def _warn(self, message: str, *arguments: object) -> None:
        """Say it once a minute, however often it happens."""
        if time.monotonic() - self._warned >= _QUIET_SECONDS:
            self._warned = time.monotonic()
            logger.warning(message, *arguments)
