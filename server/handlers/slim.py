"""Handlers of the routes that matter: no task, no headers of Tornado's, an answer in one write."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application

from ..refusal import Refusal
from ..wire.answer import JSON, lines, response
from .base import Handler

Later = Awaitable[None] | None


class SlimHandler(Handler):
    """Answers POST, and refuses all else. On either HTTP layer.

    Of what RequestHandler offers there are `request`, `prepare`, `data_received`, `post`,
    `on_finish` and `on_connection_close`, which may raise `Refusal`; it answers with `respond`.
    """

    def __init__(
        self, application: Application, request: HTTPServerRequest, **arguments: Any
    ) -> None:
        # not RequestHandler's: it makes headers, a date and a room for templates
        self.application, self.request = application, request
        self._finished, self._status_code = False, 200
        self._task: asyncio.Task[None] | None = None
        self.initialize(**arguments)

    def prepare(self) -> None:
        super().prepare()
        if self.request.method != "POST":
            allow = {"Allow": "POST"}
            raise Refusal("method_not_allowed", 405, "Method Not Allowed", allow)

    def respond(
        self, status: int, body: bytes, content_type: str = JSON, fields: bytes = b""
    ) -> None:
        """Finish; `fields` are header lines."""
        self._finished, self._status_code = True, status
        connection = cast(HTTPConnection, self.request.connection)
        answer = response(status, content_type, body, fields + self.wire.persistence)
        is_head = self.request.method == "HEAD"
        connection.write(answer[: len(answer) - len(body)] if is_head else answer)
        connection.finish()
        self.on_finish()

    def refuse(self, refusal: Refusal) -> None:
        """Finish with the reason and count it."""
        self.metrics.refused(self.route, refusal.reason)
        self.respond(refusal.status, refusal.body(), fields=lines(refusal.fields))

    def on_connection_close(self) -> None:
        self.wire.leave()

    def follow(self, later: Awaitable[None]) -> None:
        """Have the answer given when `later` is done."""
        cast(Any, self.request.connection).set_close_callback(self.on_connection_close)
        self._task = asyncio.ensure_future(self._follow(later))

    async def _follow(self, later: Awaitable[None]) -> None:
        try:
            await later
        except Exception as error:  # noqa: BLE001 whatever it is, it is answered
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Answer for what a step raised; for a bug with 500."""
        if isinstance(error, Refusal):
            return self.refuse(error)
        self.log_exception(*sys.exc_info())
        if not self._finished:
            self.refuse(Refusal("internal_error", 500, "Internal Server Error"))


class SlimDelegate(HTTPMessageDelegate):
    """Takes a slim handler through its request, as the HTTP layer reads it."""

    def __init__(self, handler: SlimHandler) -> None:
        self._handler = handler

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Later:
        """Before the body."""
        return self._try(self._handler.prepare)

    def data_received(self, chunk: bytes) -> Later:
        """A part of it."""
        return self._try(self._handler.data_received, chunk)

    def finish(self) -> None:
        """It is whole."""
        self._handler.wire.complete()
        later: Later = self._try(self._handler.post)
        if later is not None:
            self._handler.follow(later)

    def on_connection_close(self) -> None:
        """It will not be."""
        self._handler.on_connection_close()

    def _try(self, step: Callable[..., Later], *arguments: bytes) -> Later:
        try:
            return step(*arguments)
        except Exception as error:  # noqa: BLE001 whatever it is, it is answered
            self._handler.fail(error)
        return None
