"""The lean HTTP layer: accepted connections in, requests for an Application out."""

import asyncio
import contextlib
import socket
from typing import Any

from tornado.web import Application

from ..wire.hub import Hub
from .connection import LeanConnection
from .shared import BUFFER_BYTES, Shared

CLOSE_SECONDS = 0.5
"""Longest wait at the end for peers to take what was written to them."""


class LeanServer:
    """A `WayIn`. Lives on the event loop."""

    def __init__(
        self, app: Application, hub: Hub, *, max_body_bytes: int, max_header_bytes: int
    ) -> None:
        """A longer body than `max_body_bytes` ends its connection."""
        self._shared = Shared(
            hub, app.find_handler, max_header_bytes, max_body_bytes, bytearray(BUFFER_BYTES)
        )
        self._beginning: set[asyncio.Task[None]] = set()

    def serve(self, connection: socket.socket, address: Any) -> None:
        """As `WayIn`."""
        task = asyncio.create_task(self._begin(LeanConnection(self._shared), connection))
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)

    async def _begin(self, lean: LeanConnection, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: lean, connection)
        except OSError:
            connection.close()
            lean.connection_lost(None)

    async def close(self) -> None:
        """As `WayIn`."""
        everyone = list(self._shared.hub.open)
        for wire in everyone:
            wire.end()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                while self._shared.hub.open:  # noqa: ASYNC110 each says so to nobody but the hub
                    await asyncio.sleep(0.001)
        for wire in everyone:
            wire.abort()
