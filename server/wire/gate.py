"""Turning a request with a wrong key away at its head, for a tenth of what a handler costs.

Nothing is let in here: what is not turned away goes to the handler, which asks for the key too.
So only plain requests are looked at, whose head can be read in one way only.
"""

import re
from typing import NamedTuple

from ..keys.door import UNAUTHORIZED, Door
from ..metrics import EVENT_ROUTES, Metrics
from .stream import answer

MAX_SKIPPED = 2**20
"""Largest body that is read and thrown away, so that its connection goes on."""

_HEAD = re.compile(
    rb"POST /v1/(%b) HTTP/1\.1"
    rb"((?:\r\n[!#$%%&'*+.^_`|~0-9A-Za-z-]++:[\t -~\x80-\xff]*+)++\r\n)\r\n"
    % "|".join(EVENT_ROUTES).encode()
)
_FIELD = re.compile(
    rb"\r\n(authorization|x-api-key|content-length|transfer-encoding|connection|expect):([^\r]*+)",
    re.IGNORECASE,
)
LAST_ANSWER = answer(UNAUTHORIZED)
ANSWER = answer(UNAUTHORIZED, closes=False)


class TurnedAway(NamedTuple):
    """A request without a valid key."""

    head_end: int
    body_bytes: int | None
    """Bytes of a small body that is sure to come as announced; None of any other."""


class Gate:
    """The door of the POST routes, seen from the wire. Lives on the event loop."""

    def __init__(self, door: Door, metrics: Metrics) -> None:
        self._door, self._metrics = door, metrics

    def look(self, data: bytearray | memoryview, start: int, end: int) -> TurnedAway | None:
        """The request that begins at `start`, counted, where it has its head but no key."""
        head = _HEAD.match(data, start, end)
        if head is None or (keys := self._door.keys) is None:
            return None
        found = [(name.lower(), value.strip(b" \t")) for name, value in _FIELD.findall(head[2])]
        fields = {name: value.decode("latin-1") for name, value in found}
        if len(fields) < len(found) or keys.owner(
            fields.get(b"authorization"), fields.get(b"x-api-key")
        ):
            return None
        self._count(head[1].decode())
        return TurnedAway(head.end(), _body_bytes(fields))

    def _count(self, route: str) -> None:
        self._door.turned_away(route)
        self._metrics.refused(route, UNAUTHORIZED.reason)
        self._metrics.answered(route, "POST", UNAUTHORIZED.status)


def _body_bytes(fields: dict[bytes, str]) -> int | None:
    length = fields.get(b"content-length", "")
    plain = length.isdecimal() and len(length) < 10 and int(length) <= MAX_SKIPPED
    kept = fields.get(b"connection", "keep-alive").lower() == "keep-alive"
    if not plain or not kept or b"transfer-encoding" in fields or b"expect" in fields:
        return None
    return int(length)
