"""The half of a connection that handlers see: what they ask, and answer through."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)

from ..refusal import Refusal
from ..wire.answer import CLOSE
from ..wire.wire import no_field
from .incoming import Incoming
from .shared import Shared


class Answering(HTTPConnection):
    """What a handler sees of a connection. Lives on the event loop."""

    def __init__(self, shared: Shared) -> None:
        self._shared, self._hub = shared, shared.hub
        self._transport: asyncio.Transport | None = None
        self._incoming = Incoming(shared.max_header_bytes, shared.max_body_bytes)
        self._written = asyncio.get_running_loop().create_future()
        """Is done: nobody need wait for what was handed to the system."""
        self._close_callback: Callable[[], None] | None = None
        self._is_over = False
        """Whether the last answer was given: what comes is thrown away."""
        self._route: str | None = None
        self.refusal: Refusal | None = None
        self.field: Callable[[str], str | None] = no_field

    @property
    def stream(self) -> "Answering":
        """Where handlers find the `Wire`, as on Tornado's layer."""
        return self

    @property
    def context(self) -> SimpleNamespace:
        """Of whom a request tells that it came."""
        peer = self._transport and self._transport.get_extra_info("peername")
        return SimpleNamespace(remote_ip=peer[0] if peer else "", protocol="http")

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Called when the peer goes while it is to be answered."""
        self._close_callback = callback

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> "asyncio.Future[None]":
        """The head of an answer, and the first of its body."""
        start = cast(ResponseStartLine, start_line)
        fields = (f"{n}: {v}\r\n" for n, v in headers.get_all() if n != "Connection")
        head = f"HTTP/1.1 {start.code} {start.reason}\r\n{''.join(fields)}".encode("latin-1")
        return self.write(b"%b%b\r\n%b" % (head, self.persistence, chunk or b""))

    def write(self, chunk: bytes) -> "asyncio.Future[None]":
        """Bytes of an answer, as they are."""
        if not self._is_over and self._transport is not None:
            self._transport.write(chunk)
            self._is_over = self._transport.is_closing()  # it found out that the peer has gone
        return self._written

    @property
    def persistence(self) -> bytes:
        """As `Wire`. A small rest of a body is skipped, so that others may follow."""
        if not self._incoming.goes_on():
            return CLOSE
        is_old = self._incoming.head and self._incoming.head.is_old
        return b"Connection: keep-alive\r\n" if is_old else b""

    def begin(self, route: str, request: HTTPServerRequest) -> None:
        """As `Wire`."""
        if self._is_over:  # it broke before its handler began
            return
        self._route = route
        self._hub.in_flight += 1

    def complete(self) -> None:
        """As `Wire`: known here."""

    def leave(self) -> None:
        """As `Wire`."""
        if self._route is not None:
            self._hub.in_flight -= 1
            self._route = self.refusal = None
