"""A large or faulty protobuf message, cut to what is read of it, so that the library can read it.

The library takes 24 to 100 bytes for a message that has two on the wire, reads nothing of one with
a string that is no UTF-8, and nothing of one that nests over 100 deep.
"""

from codecs import utf_8_decode
from collections.abc import Mapping
from sys import getsizeof
from typing import Any

from .framing import BYTES, Malformed, as_varint, fields, framed
from .values import MAX_DEPTH, MAX_NESTED, MAX_NUMBERS, MAX_TEXT, cut

MAX_FIELDS = 40_000
"""Fields of a record that are in no list, of about 1.2 us each."""

_TEXT, _DATA = "text", "data"
_NUMBER = frozenset((b"\x10", b"\x18", b"\x21"))  # the tags of a value that is one

Table = Mapping[int, Any]
"""The fields that are read of a message: texts, data, and messages with a table of their own.

Numbers are not named: they are kept as they are. What is named nowhere is left out.
"""

_VALUE: dict[int, Any] = {1: _TEXT, 7: _DATA}
_PAIR: Table = {1: _TEXT, 2: _VALUE}
_LIST: Table = {1: _VALUE}
_PAIRS: Table = {1: _PAIR}
_VALUE |= {5: _LIST, 6: _PAIRS}
_EVENT: Table = {2: _TEXT, 3: _PAIR}

SPAN: Table = {1: _DATA, 2: _DATA, 4: _DATA, 5: _TEXT, 9: _PAIR, 11: _EVENT, 15: {2: _TEXT}}
LOG_RECORD: Table = {3: _TEXT, 5: _VALUE, 6: _PAIR, 9: _DATA, 10: _DATA, 12: _TEXT}
METRIC: Table = {1: _TEXT, 7: {1: {7: _PAIR}}}
RESOURCE: Table = {1: _PAIR}
SCOPE: Table = {1: _TEXT}


class TooMuch(Malformed):
    """Raised for a message with more than MAX_FIELDS."""


def trimmed(data: bytearray, start: int, end: int, table: Table) -> bytearray:
    """The message with this table that is in `data` from `start` to `end`. Raises `Malformed`."""
    return _Trimmer(data).message(start, end, table, MAX_DEPTH)


class _Trimmer:
    """`depth`: of lists in each other that may follow."""

    def __init__(self, data: bytearray) -> None:
        self._data, self._room = data, MAX_TEXT
        self._fields, self._nested, self._numbers = MAX_FIELDS, MAX_NESTED, MAX_NUMBERS

    def message(self, start: int, end: int, table: Table, depth: int) -> bytearray:
        kept = bytearray()
        is_vector = table is _LIST and bytes(self._data[start + 2 : start + 3]) in _NUMBER
        for number, kind, at, behind in fields(self._data, start, end):
            if not self._counts(depth, is_vector):
                break  # the list is cut short
            if kind != BYTES:
                kept += as_varint(number << 3 | kind) + self._data[at:behind]
            elif (part := table.get(number)) is not None:
                kept += framed(number, self._content(at, behind, part, depth))
        return kept

    def _counts(self, depth: int, is_vector: bool) -> bool:
        """Whether there is room for one more field."""
        if depth == MAX_DEPTH:
            self._fields -= 1
            if self._fields < 0:
                raise TooMuch
            return True
        self._nested -= 1
        self._numbers -= is_vector
        return self._nested >= 0 and not (is_vector and self._numbers < 0)

    def _content(self, start: int, end: int, part: Any, depth: int) -> bytes | bytearray:
        if part is _TEXT:
            return self._text(start, end)
        if part is _DATA:
            return self._piece(start, end)
        if part is _LIST or part is _PAIRS:
            depth -= 1
        return self.message(start, end, part, depth) if depth >= 0 else b""

    def _piece(self, start: int, end: int) -> bytes:
        """So much of it as there is room for."""
        piece = bytes(self._data[start : min(end, start + self._room)])
        self._room -= len(piece)
        return piece

    def _text(self, start: int, end: int) -> bytes:
        """The same in UTF-8: what is none is replaced, and no character cut in two."""
        room, piece = self._room, self._piece(start, end)
        try:
            text = utf_8_decode(piece, "strict", start + len(piece) == end)[0]
        except UnicodeDecodeError:
            text = piece[: room // 3].decode("utf-8", "replace")  # which may take three for one
        text = cut(text, room)
        self._room = max(room - getsizeof(text), 0)
        return text.encode()
