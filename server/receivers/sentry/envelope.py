"""The frame of an envelope: a header line, then a header line and a payload for each item."""

from collections.abc import Iterator
from typing import Any

from ...refusal import Refusal
from .. import documents
from ..cursor import cut_out, skip_space
from ..reader import LARGE, PYTHONS

MAX_HEADER = 2**16
"""Most bytes of a header: one with all that SDKs know of has 1 KB. It is held for all items."""

Header = dict[str, Any]


class Envelope:
    """Stands in the body of a request. Its methods raise `Refusal` where that is no envelope."""

    def __init__(self, body: bytearray) -> None:
        """`body` is given away: of a large item nothing is held once it is taken."""
        self._body, self._at, self._gone = body, 0, 0
        self.header = self._header("the first line")

    def events(self) -> Iterator[bytearray | None]:
        """The payload of each item that is an event, and None for each other one, in order."""
        self._skip_space()
        while self._at < len(self._body):
            header = self._header("the header of an item")
            end = self._end(header.get("length"))
            yield self._take(end, header.get("type") == "event")
            self._skip_space()

    def _skip_space(self) -> None:
        """Pass empty lines, which Sentry itself takes too."""
        self._at = skip_space(self._body, self._at)

    def _header(self, what: str) -> Header:
        end = self._end_of_line()
        if end - self._at > MAX_HEADER:
            raise self._malformed(f"{what} has more than {MAX_HEADER} bytes")
        found = documents.alone(self._body[self._at : end], "error", PYTHONS)
        if not isinstance(found, dict):
            raise self._malformed(f"{what} must be a JSON object")
        self._at = min(end + 1, len(self._body))
        return found

    def _end(self, length: object) -> int:
        """Index behind the payload: so many bytes, or the rest of the line where none are said."""
        if length is None:
            return self._end_of_line()
        if not isinstance(length, int) or isinstance(length, bool) or length < 0:
            raise self._malformed("the length of an item must be a number of bytes")
        end = self._at + length
        if end > len(self._body):
            raise self._malformed("it ends within this item")
        if end < len(self._body) and not self._body.startswith(b"\n", end):
            raise self._malformed("this item is longer than its header says")
        return end

    def _end_of_line(self) -> int:
        end = self._body.find(b"\n", self._at)
        return len(self._body) if end < 0 else end

    def _take(self, end: int, wanted: bool) -> bytearray | None:
        start, self._at = self._at, end
        if end - start <= LARGE:
            return self._body[start:end] if wanted else None
        payload, self._body = cut_out(self._body, start, end)
        self._gone, self._at = self._gone + end, 0
        return payload if wanted else None

    def _malformed(self, message: str) -> Refusal:
        where = self._gone + self._at
        return Refusal("invalid_json", 400, f"no envelope: {message} (byte {where})")
