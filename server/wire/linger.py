"""Closing so that the last answer arrives: a close over unread bytes resets the connection."""

import asyncio
import contextlib
import socket

SECONDS = 1.0
MOST = 16
"""Connections that may linger at once; one more is closed at once."""


class Lingering:
    """Reads what still comes, and throws it away, until the peer closes or SECONDS are over."""

    def __init__(self) -> None:
        self._open: dict[socket.socket, asyncio.TimerHandle] = {}

    def close(self, connection: socket.socket) -> None:
        """Close soon, after the last answer was written."""
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        loop = asyncio.get_running_loop()
        self._open[connection] = loop.call_later(SECONDS, self._end, connection)
        loop.add_reader(connection, self._read, connection)
        if len(self._open) > MOST:
            self._end(next(iter(self._open)))

    def stop(self) -> None:
        """Close them all now."""
        for connection in list(self._open):
            self._end(connection)

    def _read(self, connection: socket.socket) -> None:
        try:
            if connection.recv(2**16):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end(connection)

    def _end(self, connection: socket.socket) -> None:
        self._open.pop(connection).cancel()
        asyncio.get_running_loop().remove_reader(connection)
        connection.close()
