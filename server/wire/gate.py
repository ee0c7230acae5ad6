"""Turning a request with a wrong key away at its head, for a tenth of what a handler costs.

Nothing is let in here: what is not turned away goes to the handler, which asks for the key too.
So only plain requests are looked at, whose head can be read in one way only.
"""

import re
from typing import NamedTuple

from ..keys.door import UNAUTHORIZED, Door
from ..keys.presented import FIELDS, SENTRY, presented
from ..metrics.routes import HttpMetrics
from .stream import answer

MAX_SKIPPED = 2**20
"""Largest body that is read and thrown away, so that its connection goes on."""

_ROUTES = {
    b"traces": "traces",
    b"errors": "errors",
    b"litellm": "litellm",
    b"logs": "logs",
    b"metrics": "otlp_metrics",
}
_HEAD = re.compile(
    rb"POST (?:/v1/(%b)|/api/[!-.0->@-~]++/envelope/?(?:\?([!-~]*+))?) HTTP/1\.1"
    rb"((?:\r\n[!#$%%&'*+.^_`|~0-9A-Za-z-]++:[\t -~\x80-\xff]*+)++\r\n)\r\n" % b"|".join(_ROUTES)
)
_FIELDS = (*FIELDS, "content-length", "transfer-encoding", "connection", "expect")
_FIELD = re.compile(rf"\r\n({'|'.join(_FIELDS)}):([^\r]*+)", re.IGNORECASE)
LAST_ANSWER = answer(UNAUTHORIZED)
ANSWER = answer(UNAUTHORIZED, closes=False)


class TurnedAway(NamedTuple):
    """A request without a valid key."""

    head_end: int
    body_bytes: int | None
    """Bytes of a small body that is sure to come as announced; None of any other."""


class Gate:
    """The door of the POST routes, seen from the wire. Lives on the event loop."""

    def __init__(self, door: Door, metrics: HttpMetrics) -> None:
        self._door, self._metrics = door, metrics

    def look(self, data: bytearray | memoryview, start: int, end: int) -> TurnedAway | None:
        """The request that begins at `start`, counted, where it has its head but no key."""
        head = _HEAD.match(data, start, end)
        if head is None or (keys := self._door.keys) is None:
            return None
        found = _FIELD.findall(head[3].decode("latin-1"))
        fields = {name.lower(): value.strip(" \t") for name, value in found}
        route = _ROUTES[head[1]] if head[1] else SENTRY
        query = (head[2] or b"").decode()
        if len(fields) < len(found) or keys.owner(presented(route, fields.get, query)):
            return None
        self._count(route)
        return TurnedAway(head.end(), _body_bytes(fields))

    def _count(self, route: str) -> None:
        self._door.turned_away(route)
        self._metrics.refused(route, UNAUTHORIZED.reason)
        self._metrics.answered(route, "POST", UNAUTHORIZED.status)


def _body_bytes(fields: dict[str, str]) -> int | None:
    length = fields.get("content-length", "")
    plain = length.isdecimal() and len(length) < 10 and int(length) <= MAX_SKIPPED
    kept = fields.get("connection", "keep-alive").lower() == "keep-alive"
    if not plain or not kept or "transfer-encoding" in fields or "expect" in fields:
        return None
    return int(length)
