"""The half of a connection that reads: each request to its handler, one at a time, in order."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import Any, cast

from tornado.httputil import HTTPMessageDelegate

from ..refusal import Refusal
from ..wire.answer import refused
from .answering import Answering
from .request import LeanRequest
from .shared import Shared

TURN_SECONDS = 0.005
"""After so long no more of what was sent ahead is answered in the same turn of the loop."""

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

logger = logging.getLogger(__name__)


class Reading(Answering):
    """Reads on whenever there is something to read, and nothing to wait for."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        self._delegate: HTTPMessageDelegate | None = None
        """Of the request in hand, until it is answered."""
        self._waits = False
        """Whether a handler is to do something first: take what it got, or answer."""
        self._waiting: asyncio.Future[None] | None = None
        self._is_reading = False
        self._is_stuck = False
        """Whether the peer does not read its answers."""
        self._has_ended = False
        """Whether the peer sends no more."""
        self._requests = 0

    def finish(self) -> None:
        """The answer is written; the next request may have its turn."""
        self._delegate = self._close_callback = self._waiting = None
        self._waits = False
        if self._is_over:
            return
        if not self._incoming.goes_on():
            self._end()
        elif not self._is_reading:
            self._read_soon()

    def end(self) -> None:
        """As `Wire`."""
        self._is_over = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close it with whatever is unwritten."""
        if self._transport is not None:
            self._transport.abort()

    def _has_to_wait(self) -> bool:
        return self._waits or self._is_stuck or self._is_reading

    def _read_soon(self) -> None:
        """Read on in the next turn of the loop: others have theirs before."""
        if not self._is_reading:
            self._is_reading = True
            asyncio.get_running_loop().call_soon(self._read)

    def _read(self) -> None:
        """Read what is there, request by request, for as long as none waits for its handler."""
        self._is_reading, has_time = True, True
        end = time.monotonic() + TURN_SECONDS
        try:
            while has_time and not (self._waits or self._is_stuck or self._is_over):
                if self._incoming.body is None:
                    if not self._incoming or not self._read_head():
                        break
                elif not self._read_body():
                    break
                else:
                    has_time = time.monotonic() < end
        except Refusal as refusal:
            self._fail(refusal)
        self._is_reading = False
        if not has_time:
            self._read_soon()
        elif not (self._waits or self._is_stuck or self._is_over):
            self._read_on()

    def _read_on(self) -> None:
        """Let more come; or end where nothing will, and all is answered that could be."""
        if self._has_ended:
            self.end()
        elif self._transport is not None:
            self._transport.resume_reading()

    def _read_head(self) -> bool:
        """Whether there was one. Its handler has it then."""
        head = self._incoming.take_head()
        if head is None:
            return False
        self._requests += 1
        self.field = head.fields.get
        self._delegate = self._shared.find_handler(LeanRequest(head, self))
        self._wait(self._delegate.headers_received(cast(Any, None), cast(Any, None)))
        return True

    def _read_body(self) -> bool:
        """Whether the handler has all of it."""
        incoming = self._incoming
        if incoming.expects and self.refusal is not None:  # it need not even be sent
            raise self.refusal
        if (piece := incoming.take()) and self._delegate is not None:
            self._wait(self._delegate.data_received(cast(bytes, piece)))
        if self._waits:
            return False
        incoming.check()
        if not incoming.is_whole():
            self._ask_for_it()
            return False
        incoming.body = None
        if self._delegate is not None:
            self._waits = True
            self._delegate.finish()
        return True

    def _ask_for_it(self) -> None:
        """Have a body sent that waits to be asked for."""
        if self._incoming.expects and self._delegate is not None:
            self._incoming.expects = False
            self.write(_CONTINUE)

    def _wait(self, awaitable: Awaitable[None] | None) -> None:
        """Read on when it is done."""
        if awaitable is not None:
            self._waits = True
            self._waiting = asyncio.ensure_future(awaitable)
            self._waiting.add_done_callback(self._waited)

    def _waited(self, future: "asyncio.Future[None]") -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            logger.error("%s while a request was read", type(error).__name__)
            self.end()
        if future is self._waiting:
            self._waiting, self._waits = None, False
            self._read_soon()

    def _fail(self, refusal: Refusal) -> None:
        """Refuse the request that is being read, unless it is answered already."""
        if self._incoming.body is None or self._delegate is not None:
            refusal = self.refusal or refusal
            self._hub.refused(refusal, self._route or "other")
            self.write(refused(refusal))
        self._end(lingers=True)
        self._drop()

    def _end(self, *, lingers: bool = False) -> None:
        """No more requests. `lingers`: read on, so that the peer gets its last answer."""
        lingers = lingers or bool(self._incoming) or self._incoming.body is not None
        if self._transport is None or self._has_ended or not lingers:
            return self.end()
        self._is_over = True
        try:
            self._transport.write_eof()
        except OSError:  # the peer has broken it
            return self.abort()
        self._transport.resume_reading()

    def _drop(self) -> None:
        """Nobody will read an answer to the request in hand."""
        delegate, callback = self._delegate, self._close_callback
        self._delegate = self._close_callback = self._waiting = None
        is_whole = self._incoming.body is None
        self._incoming.clear()
        if delegate is not None and not is_whole:
            delegate.on_connection_close()
        elif callback is not None:
            callback()
