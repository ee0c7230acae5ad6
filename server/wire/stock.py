"""Tornado's own HTTP layer, over streams that say why they close."""

import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application

from .hub import Hub
from .stream import Stream


class StockServer:
    """A `WayIn`. Lives on the event loop."""

    def __init__(
        self,
        app: Application,
        hub: Hub,
        *,
        max_body_bytes: int,
        max_header_bytes: int,
    ) -> None:
        """A longer body than `max_body_bytes` ends its connection."""
        self._hub = hub
        self._server = HTTPServer(
            app,
            max_body_size=max_body_bytes,
            max_header_size=max_header_bytes,
            idle_connection_timeout=hub.idle_timeout,
        )

    def serve(self, connection: socket.socket, address: Any) -> None:
        """As `WayIn`."""
        self._server.handle_stream(Stream(connection, self._hub), address)

    async def close(self) -> None:
        """As `WayIn`."""
        for stream in self._hub.open:
            stream.end()
        await self._server.close_all_connections()
