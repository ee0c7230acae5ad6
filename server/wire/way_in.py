"""What a service needs of an HTTP layer."""

import socket
from typing import Any, Protocol


class WayIn(Protocol):
    """One of the two HTTP layers. Lives on the event loop."""

    def serve(self, connection: socket.socket, address: Any) -> None:
        """Serve an accepted connection of that peer until it ends."""

    async def close(self) -> None:
        """Read no more requests, also of those sent ahead, and close all connections."""
