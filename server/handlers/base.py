"""What all handlers share: JSON for every answer, and a count of every request."""

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, cast

import orjson
from tornado.http1connection import HTTP1Connection
from tornado.web import HTTPError, RequestHandler, stream_request_body

from ..keys.door import UNAUTHORIZED, Door
from ..keys.presented import presented
from ..metrics.routes import HttpMetrics
from ..refusal import Refusal
from ..wire.answer import CLOSE
from ..wire.wire import Wire

logger = logging.getLogger(__name__)

_REASONS = {404: "not_found", 405: "method_not_allowed"}


@stream_request_body  # a body that nobody asked for is thrown away; no form is ever parsed
class Handler(RequestHandler):
    """Counts, answers in JSON, refuses in JSON."""

    def initialize(self, route: str, metrics: HttpMetrics) -> None:
        """`route` is the label under which this handler's requests are counted."""
        self.route, self.metrics = route, metrics
        self.key: str | None = None
        self.wire = cast(Wire, cast(HTTP1Connection, self.request.connection).stream)

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "application/json")

    def prepare(self) -> None:
        self.wire.begin(self.route, self.request)

    def data_received(self, chunk: bytes) -> None:
        """Throw away what GET and its like have no use for."""

    def on_finish(self) -> None:
        request, status = self.request, self.get_status()
        self.wire.leave()
        self.metrics.answered(self.route, request.method or "", status)
        self.metrics.duration[self.route].observe(request.request_time())

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self.wire.leave()

    def admitted(self, door: Door) -> bool:
        """Whether a key opens it, or it is open; else that is answered before the body is read.

        Call in `prepare`. The name of the key is `self.key` then.
        """
        if door.keys is None:
            return True
        self.key = door.keys.owner(presented(self.route, self.wire.field, self.request.query))
        if self.key is None:
            door.turned_away(self.route)
            self.refuse(UNAUTHORIZED)
        return self.key is not None

    def answer(self, status: int, value: Mapping[str, Any]) -> None:
        """Finish with `value` as JSON."""
        self.set_status(status)
        self.finish(orjson.dumps(value))

    def refuse(self, refusal: Refusal) -> None:
        """Finish with the reason and count it."""
        self.metrics.refused(self.route, refusal.reason)
        for name, value in refusal.fields.items():
            self.set_header(name, value)
        if self.wire.persistence == CLOSE:
            self.set_header("Connection", "close")
        self.set_status(refusal.status)
        self.finish(refusal.body())

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Tornado's own refusals, and what a bug raises, as JSON. Never a traceback."""
        if self.request.method in self.SUPPORTED_METHODS:  # else it is not awaited
            self.wire.complete()
        fields = {"Allow": ", ".join(self._allowed())} if status_code == 405 else {}
        reason = _REASONS.get(status_code, "internal_error")
        self.refuse(Refusal(reason, status_code, HTTPStatus(status_code).phrase, fields))

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log where a bug is, without its message: that may quote what was sent."""
        if typ is not None and not isinstance(value, HTTPError):
            frames = "".join(traceback.format_tb(tb))
            logger.error("%s in the %s handler\n%s", typ.__name__, self.route, frames)

    def _allowed(self) -> list[str]:
        ours, theirs = type(self), RequestHandler
        names = ((method, method.lower()) for method in self.SUPPORTED_METHODS)
        return [m for m, name in names if getattr(ours, name) is not getattr(theirs, name)]


class NotFoundHandler(Handler):
    """Every path that has no route."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Not found, by any method."""
        super().write_error(404)

    def _missing(self) -> None:
        raise HTTPError(404)

    get = head = post = put = patch = delete = options = _missing
