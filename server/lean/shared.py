"""What the connections of the lean layer have in common."""

from collections.abc import Callable
from dataclasses import dataclass

from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest

from ..wire.hub import Hub

BUFFER_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Shared:
    """Where requests go, and what they may take."""

    hub: Hub
    find_handler: Callable[[HTTPServerRequest], HTTPMessageDelegate]
    max_header_bytes: int
    max_body_bytes: int
    """Of a body that is read at all."""
    buffer: bytearray
    """What comes on any of them, until it is taken out, which is at once."""
