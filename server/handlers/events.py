"""POST routes: decode, offer, answer.

Nothing here waits for anything but the body, and for a moment for the journal where a thread
writes it.
"""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from tornado.httputil import HTTPHeaders

from ..events import Item
from ..intake import Intake
from ..keys.door import Door
from ..receivers.documents import JSON
from ..receivers.signed import signed
from ..refusal import Refusal
from ..replies import Choose, Dialect, Reply
from .base import Handler
from .body import Body, Room
from .codings import SPOKEN, unpacker
from .slices import Slices

_MAX_DIGITS = 30


class EventsHandler(Handler):
    """Takes the events of one dialect, or of several that are told apart by the body."""

    def initialize(  # type: ignore[override]  # Tornado hands the route's arguments over by name
        self,
        door: Door,
        choose: Choose,
        intake: Intake,
        room: Room,
        max_body_bytes: int,
        **rest: Any,
    ) -> None:
        super().initialize(**rest)
        self._door, self._choose, self._intake = door, choose, intake
        self._dialect: Dialect
        self._media_type = ""
        self._body = Body(room, max_body_bytes)
        self._works = False

    def prepare(self) -> None:
        super().prepare()
        if not self.admitted(self._door):
            return
        headers, body = self.request.headers, self._body
        if coding := headers.get("Content-Encoding"):
            try:
                body.unpacker = unpacker(coding)
            except Refusal as refusal:
                self.set_header("Accept-Encoding", SPOKEN)
                body.refuse(refusal)
        if (length := headers.get("Content-Length")) and length.isdecimal():
            body.announce(int(length[:_MAX_DIGITS]))
        self._tell_stream(body.refusal)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:  # type: ignore[override]
        more = self._body.add(chunk)
        self._tell_stream(self._body.refusal)
        return more

    def post(self) -> Awaitable[None] | None:
        self.metrics.size[self.route].observe(self._body.size)
        try:
            slices = Slices(self._items())
            if not slices.work():
                return self._work_on(slices)
            return self._take(slices.made)
        except Refusal as refusal:
            self.refuse(refusal)
        return None

    def on_finish(self) -> None:
        super().on_finish()
        self._body.release()

    def on_connection_close(self) -> None:
        if not self._works:  # else it is still held, and let go when that is finished
            super().on_connection_close()
            self._body.release()

    async def _work_on(self, slices: Slices[Item]) -> None:
        """Also when the sender has gone: what came whole is as good as any."""
        self._works = True
        self._in_flight.complete(self)
        try:
            await asyncio.sleep(0)
            while not slices.work():  # noqa: ASYNC110 the work is here
                await asyncio.sleep(0)
            if covered := self._take(slices.made):
                await covered
        except Refusal as refusal:
            self.refuse(refusal)

    def _tell_stream(self, refusal: Refusal | None) -> None:
        """Have it say so, should the rest of the request be no HTTP, or far too long."""
        if refusal is not None:
            self.stream().refusal = refusal

    def _items(self) -> Iterator[Item]:
        headers = self.request.headers
        if not self._body.size and not _has_length(headers):
            raise Refusal("length_required", 411, "send a Content-Length, or chunks")
        body, self._media_type = self._body.whole(), _media_type(headers)
        self._dialect = self._choose(body, self._media_type)
        items = self._dialect.receiver.read(body, self._media_type)
        return items if self.key is None else signed(items, self.key)

    def _take(self, items: Sequence[Item]) -> Awaitable[None] | None:
        """Answer, at once or when the journal has what was accepted."""
        reply = self._dialect.reply(self._intake, items, self._media_type)
        if reply.covered is not None:
            return self._send_when(reply.covered, reply)
        self._send(reply)
        return None

    async def _send_when(self, covered: Awaitable[None], reply: Reply) -> None:
        await covered
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        if reply.content_type != JSON:
            self.set_header("Content-Type", reply.content_type)
        self.set_status(reply.status)
        self.finish(reply.body)


def _media_type(headers: HTTPHeaders) -> str:
    """The body's type without parameters; LiteLLM can send its header doubled in one line."""
    return _only_type(headers.get("Content-Type", ""))


@lru_cache(maxsize=64)
def _only_type(header: str) -> str:
    types = {part.partition(";")[0].strip().lower() for part in header.split(",")}
    return types.pop() if len(types) == 1 else ""


def _has_length(headers: HTTPHeaders) -> bool:
    return "Content-Length" in headers or "Transfer-Encoding" in headers
