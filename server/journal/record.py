"""One record: its bytes, and how records are found again between what is torn or damaged."""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

_MAGIC = b"\x89rec"
_HEAD = struct.Struct("<4sIIQ")  # magic, length of the payload, checksum, number


class Record(NamedTuple):
    """A record as read: the payload is a view into the segment, at `start` to `end` with head."""

    number: int
    payload: memoryview
    start: int
    end: int


def pack(payload: bytes, number: int, seed: int) -> bytes:
    """The bytes of a record. `seed` is the journal's own: no other journal's record passes."""
    return _HEAD.pack(_MAGIC, len(payload), _checksum(payload, number, seed), number) + payload


def unpack(data: bytes, start: int, seed: int) -> Iterator[Record]:
    """All whole records in `data` from `start` on; what lies between them is none."""
    at, last = start, 0
    while (at := data.find(_MAGIC, at)) >= 0:
        record = _record_at(data, at, seed)
        if record is None or record.number <= last:
            at += 1
        else:
            yield record
            at, last = record.end, record.number


def _record_at(data: bytes, at: int, seed: int) -> Record | None:
    start = at + _HEAD.size
    if start > len(data):
        return None
    _, length, checksum, number = _HEAD.unpack_from(data, at)
    payload = memoryview(data)[start : start + length]
    if len(payload) < length or _checksum(payload, number, seed) != checksum:
        return None
    return Record(number, payload, at, start + length)


def _checksum(payload: bytes | memoryview, number: int, seed: int) -> int:
    return crc32(payload, crc32(number.to_bytes(8, "little"), seed))
