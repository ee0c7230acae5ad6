"""A connection of Tornado's layer, which answers in JSON where that says a bare 400, or nothing."""

import contextlib
import math
import socket
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

from tornado.concurrent import Future
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError, UnsatisfiableReadError

from ..refusal import Refusal
from .answer import CLOSE, refused
from .hub import Hub
from .refusals import long_head, malformed
from .wire import no_field

_BARE = b"HTTP/1.1 400 Bad Request\r\n\r\n"
"""What HTTP1Connection writes before it closes over a request that it cannot read."""

Raised = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


class Stream(IOStream):
    """One connection: a `Wire`. Lives on the event loop."""

    def __init__(self, connection: socket.socket, hub: Hub, **options: Any) -> None:
        super().__init__(connection, **options)
        self._hub = hub
        self._lingers = False
        self._route: str | None = None
        self._is_complete = False
        self._is_last = self._is_old = False
        self._due = math.inf
        self._is_over = False
        """Whether there was a last request: what was sent behind it is not read."""
        self.refusal: Refusal | None = None
        self.field: Callable[[str], str | None] = no_field
        hub.open.add(self)

    @property
    def persistence(self) -> bytes:
        """Tornado goes on only where the body was read before the answer."""
        if self._is_last or not self._is_complete:
            return CLOSE
        return b"Connection: keep-alive\r\n" if self._is_old else b""

    def begin(self, route: str, request: HTTPServerRequest) -> None:
        """As `Wire`. Of a broken connection the last request may still wait for its answer."""
        self.leave()
        self._route, self._is_complete = route, False
        self._hub.in_flight += 1
        self._due = time.monotonic() + self._hub.body_timeout
        self.field = request.headers.get
        said = request.headers.get("Connection", "").lower()
        self._is_old = request.version == "HTTP/1.0"
        self._is_last = said != "keep-alive" if self._is_old else said == "close"

    def complete(self) -> None:
        """As `Wire`."""
        self._is_complete, self._due = True, math.inf

    def leave(self) -> None:
        """As `Wire`."""
        if self._route is None:
            return
        if self._is_last or not self._is_complete:
            self._is_over = True
        self._hub.in_flight -= 1
        self._route, self._due, self.refusal = None, math.inf, None

    def look(self, now: float) -> None:
        """As `Wire`. Idle connections are left to Tornado."""
        if now > self._due:
            self.close()

    def end(self) -> None:
        """As `Wire`."""
        self._is_over = True

    def abort(self) -> None:
        """As `Wire`."""
        self.close()

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        """As ever, for a request's head, but not behind the last request."""
        if self._is_over:
            self.close()
            raise StreamClosedError()
        return super().read_until_regex(regex, max_bytes)

    def write(self, data: bytes | memoryview) -> "Future[None]":
        """As ever, but for the bare 400."""
        if data == _BARE:
            data = self._refused(self.refusal or malformed())
        return super().write(data)

    def close(self, exc_info: bool | BaseException | Raised | None = False) -> None:
        """As ever, but a request whose head, or chunk's head, has no end is told so."""
        if isinstance(exc_info, UnsatisfiableReadError) and not self.closed():
            self._tell((self.refusal or malformed()) if self._route else long_head())
        super().close(exc_info)

    def close_fd(self) -> None:
        """Called once, by the base class."""
        self._hub.open.discard(self)
        if self._lingers or (self._route is not None and not self._is_complete):
            self._hub.lingering.close(self.socket)
        else:
            self.socket.close()
        self.socket = None  # type: ignore[assignment]  # as the base class does

    def _tell(self, refusal: Refusal) -> None:
        said = self._refused(refusal)
        with contextlib.suppress(OSError):
            if not self.writing():  # never into the midst of another answer
                self.socket.send(said)

    def _refused(self, refusal: Refusal) -> bytes:
        self._lingers = True
        self._hub.refused(refusal, self._route or "other")
        return refused(refusal)
