"""Taking connections: up to a limit, and through a shortage of file descriptors."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import WeakSet

from tornado.ioloop import IOLoop
from tornado.iostream import IOStream

from ..refusal import Refusal
from .descriptors import descriptors
from .gate import Gate
from .gated import GatedStream
from .linger import Lingering
from .stream import OnRefused, Stream, answer

logger = logging.getLogger(__name__)

OTHER_DESCRIPTORS = 32
"""File descriptors kept for the store, the log, the loop, and connections that linger."""

_AT_ONCE = 128
_PAUSE_SECONDS = 0.5
_QUIET_SECONDS = 60.0
_STALLED_MS = 30_000

_FULL = Refusal("busy", 503, "too many connections; try again")

Serve = Callable[[IOStream, Any], None]


class Listener:
    """Accepts connections and hands their streams on. Lives on the event loop."""

    def __init__(
        self, serve: Serve, on_refused: OnRefused, max_connections: int, gate: Gate | None
    ) -> None:
        """`serve` gets each stream with its peer's address; `on_refused` what is turned away.

        `gate`: looks at requests first, where keys are asked for.
        """
        self._serve, self._on_refused = serve, on_refused
        self._stream = Stream if gate is None else partial(GatedStream, gate)
        self._most = max(1, min(max_connections, descriptors() - OTHER_DESCRIPTORS))
        self._open = 0
        self._streams: WeakSet[Stream] = WeakSet()
        self._sockets: list[socket.socket] = []
        self._lingering = Lingering()
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

    def end(self) -> None:
        """Read no more requests, also of those sent ahead, and close what lingers."""
        for stream in self._streams:
            stream.is_over = True
        self._lingering.stop()

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
        if self._open == self._most:
            return self._turn_away(connection)
        self._open += 1
        with contextlib.suppress(OSError, AttributeError):  # Linux: lets go who never reads
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_MS)
        stream = self._stream(connection, self._lingering, self._on_refused, self._closed)
        self._streams.add(stream)
        self._serve(stream, address)

    def _turn_away(self, connection: socket.socket) -> None:
        self._on_refused(_FULL, "other")
        self._warn("the limit of %d connections is reached; more are turned away", self._most)
        with contextlib.suppress(OSError):
            connection.send(answer(_FULL))
        self._lingering.close(connection, lambda: None)

    def _closed(self) -> None:
        self._open -= 1

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
