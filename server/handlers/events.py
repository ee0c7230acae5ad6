"""POST routes: size, decode, offer, answer. Nothing here waits for anything but the body."""

from functools import lru_cache
from typing import Any

from tornado.httputil import HTTPHeaders

from ..intake import Intake
from ..receivers import Receiver
from ..receivers.documents import Unreadable
from .base import Handler


class EventsHandler(Handler):
    """Takes the events of one dialect."""

    def initialize(  # type: ignore[override]  # Tornado hands the route's arguments over by name
        self, receiver: Receiver, intake: Intake, max_body_bytes: int, **rest: Any
    ) -> None:
        super().initialize(**rest)
        self._receiver, self._intake = receiver, intake
        self._max_body_bytes = max_body_bytes
        self._body = bytearray()
        self._size = 0

    def data_received(self, chunk: bytes) -> None:
        """Keep the body up to its limit; a longer one is read on, and thrown away."""
        self._size += len(chunk)
        if self._size <= self._max_body_bytes:
            self._body += chunk
        else:
            self._body = bytearray()

    def post(self) -> None:
        self.metrics.http_size[self.route].observe(self._size)
        try:
            items = self._receiver.read(self._whole_body(), _media_type(self.request.headers))
        except Unreadable as error:
            return self.refuse(error)
        answer = self._intake.take(items)
        taken = not items or answer["accepted"] or answer["dropped"]
        self.answer(202 if taken else 400, answer)

    def _whole_body(self) -> bytearray:
        headers = self.request.headers
        if not self._size and not _has_length(headers):
            raise Unreadable("length_required", 411, "send a Content-Length, or chunks")
        if self._size > self._max_body_bytes:
            message = f"the body has more than {self._max_body_bytes} bytes"
            raise Unreadable("body_too_large", 413, message)
        if (headers.get("Content-Encoding") or "identity").lower() != "identity":
            raise Unreadable("unsupported_media_type", 415, "Content-Encoding must be identity")
        return self._body


def _media_type(headers: HTTPHeaders) -> str:
    """The body's type without parameters; LiteLLM can send its header doubled in one line."""
    return _only_type(headers.get("Content-Type", ""))


@lru_cache(maxsize=64)
def _only_type(header: str) -> str:
    types = {part.partition(";")[0].strip().lower() for part in header.split(",")}
    return types.pop() if len(types) == 1 else ""


def _has_length(headers: HTTPHeaders) -> bool:
    return "Content-Length" in headers or "Transfer-Encoding" in headers
