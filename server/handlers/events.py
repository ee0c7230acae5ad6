"""POST routes: decode, offer, answer.

Nothing here waits for anything but the body, and for a moment for the journal where a thread
writes it.
"""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from ..events import Item
from ..intake import Intake
from ..keys.door import Door
from ..receivers.signed import signed
from ..refusal import Refusal
from ..replies import Choose, Dialect, Reply
from .body import Body, Room
from .codings import unpacker
from .slices import Slices
from .slim import SlimHandler

_MAX_DIGITS = 30


class EventsHandler(SlimHandler):
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
        field, body = self.wire.field, self._body
        if coding := field("content-encoding"):
            try:
                body.unpacker = unpacker(coding)
            except Refusal as refusal:
                body.refuse(refusal)
        if (length := field("content-length")) and length.isdecimal():
            body.announce(int(length[:_MAX_DIGITS]))
        self._tell_wire(body.refusal)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:  # type: ignore[override]
        more = self._body.add(chunk)
        self._tell_wire(self._body.refusal)
        return more

    def post(self) -> Awaitable[None] | None:
        self.metrics.size[self.route].observe(self._body.size)
        slices = Slices(self._items())
        if not slices.work():
            return self._work_on(slices)
        return self._take(slices.made)

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
        await asyncio.sleep(0)
        while not slices.work():  # noqa: ASYNC110 the work is here
            await asyncio.sleep(0)
        if covered := self._take(slices.made):
            await covered

    def _tell_wire(self, refusal: Refusal | None) -> None:
        """Have it say so, should the rest of the request be no HTTP, or far too long."""
        if refusal is not None:
            self.wire.refusal = refusal

    def _items(self) -> Iterator[Item]:
        field = self.wire.field
        if not self._body.size and not (field("content-length") or field("transfer-encoding")):
            raise Refusal("length_required", 411, "send a Content-Length, or chunks")
        body, self._media_type = self._body.whole(), _media_type(field("content-type") or "")
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
        self.respond(reply.status, reply.body, reply.content_type)


@lru_cache(maxsize=64)
def _media_type(header: str) -> str:
    """The body's type without parameters; LiteLLM can send its header doubled in one line."""
    types = {part.partition(";")[0].strip().lower() for part in header.split(",")}
    return types.pop() if len(types) == 1 else ""
