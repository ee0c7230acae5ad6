"""A connection's stream that answers in JSON where Tornado closes with a bare 400, or silently."""

import contextlib
import socket
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from types import TracebackType
from typing import Any

from tornado.concurrent import Future
from tornado.iostream import IOStream, StreamClosedError, UnsatisfiableReadError

from ..keys.door import CHALLENGE
from ..refusal import Refusal
from .linger import Lingering

_BARE = b"HTTP/1.1 400 Bad Request\r\n\r\n"
"""What HTTP1Connection writes before it closes over a request that it cannot read."""

_MALFORMED = Refusal("bad_request", 400, "not a well-formed HTTP request")
_MORE = {401: f"WWW-Authenticate: {CHALLENGE}\r\n", 503: "Retry-After: 1\r\n"}
_LONG_HEAD = Refusal("headers_too_large", 431, "the head of the request is too long")

Raised = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


OnRefused = Callable[[Refusal, str], None]
"""Called with the route of the request, or `other`."""


class Stream(IOStream):
    """One connection. Lives on the event loop."""

    def __init__(
        self,
        connection: socket.socket,
        lingering: Lingering,
        on_refused: OnRefused,
        on_closed: Callable[[], None],
        **options: Any,
    ) -> None:
        super().__init__(connection, **options)
        self._lingering, self._on_refused, self._on_closed = lingering, on_refused, on_closed
        self.lingers = False
        """Whether the peer may still be sending when this closes, and must read the answer."""
        self.route: str | None = None
        """Of the request whose head was read, and whose answer is not written yet."""
        self.is_over = False
        """Whether there was a last request: what was sent behind it is not read."""
        self.refusal: Refusal | None = None
        """Why the request that is being read was refused already; None where it was not."""

    def read_until_regex(self, regex: bytes, max_bytes: int | None = None) -> Awaitable[bytes]:
        """As ever, for a request's head, but not behind the last request."""
        if self.is_over:
            raise StreamClosedError()
        return super().read_until_regex(regex, max_bytes)

    def write(self, data: bytes | memoryview) -> "Future[None]":
        """As ever, but for the bare 400."""
        if data == _BARE:
            data = self._refuse(self.refusal or _MALFORMED)
        return super().write(data)

    def close(self, exc_info: bool | BaseException | Raised | None = False) -> None:
        """As ever, but a request whose head, or chunk's head, has no end is told so."""
        if isinstance(exc_info, UnsatisfiableReadError) and not self.closed():
            said = self._refuse((self.refusal or _MALFORMED) if self.route else _LONG_HEAD)
            with contextlib.suppress(OSError):
                if not self.writing():  # never into the midst of another answer
                    self.socket.send(said)
        super().close(exc_info)

    def close_fd(self) -> None:
        """Called once, by the base class."""
        if self.lingers:
            self._lingering.close(self.socket, self._on_closed)
        else:
            self.socket.close()
            self._on_closed()
        self.socket = None  # type: ignore[assignment]  # as the base class does

    def _refuse(self, refusal: Refusal) -> bytes:
        self.lingers = True
        self._on_refused(refusal, self.route or "other")
        return answer(refusal)


def answer(refusal: Refusal, *, closes: bool = True) -> bytes:
    """A whole HTTP/1.1 response, which may end its connection."""
    body = refusal.body()
    more = _MORE.get(refusal.status, "") + ("Connection: close\r\n" if closes else "")
    head = (
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    )
    return head.encode() + body
