"""One file of the journal: made, appended to, and read back."""

import contextlib
import os
import struct
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from .record import Record, unpack

SUFFIX = ".log"
_MAGIC = b"tokenweir journal\n"
_HEAD = struct.Struct("<18s16sQI")  # magic, the journal's id, number of the first record, heading
_CHECKSUM = struct.Struct("<I")


class Segment:
    """A new file, open for appending. Methods raise OSError."""

    def __init__(self, directory: Path, journal: bytes, first: int, heading: bytes) -> None:
        """`journal` is its id, 16 bytes; `first` the number of the record that comes first."""
        self.first = first
        self.path = directory / f"{first:020d}-{journal.hex()}{SUFFIX}"
        self.size = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        head = _HEAD.pack(_MAGIC, journal, first, len(heading)) + heading
        try:
            self.append(head + _CHECKSUM.pack(crc32(head)))
        except OSError:
            self.close()
            raise

    def append(self, data: bytes) -> None:
        """All of `data`, or none of it."""
        done = 0
        try:
            done = os.write(self._descriptor, data)
            while done < len(data):
                done += os.write(self._descriptor, memoryview(data)[done:])
        except OSError:
            self._cut(done)
            raise
        self.size += len(data)

    def _cut(self, torn: int) -> None:
        """Take `torn` bytes away at the end; where they stay, reading passes over them."""
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            self.size += torn  # else the next cut would take what is appended after them

    def sync(self) -> None:
        """Return when what was appended would survive a power failure."""
        os.fdatasync(self._descriptor)

    def is_there(self) -> bool:
        """Whether its path still leads to it."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        except OSError:
            return False

    def close(self) -> None:
        """Never raises; may be called again."""
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):
            os.close(descriptor)


def remove_if_empty(directory: Path) -> None:
    """Remove the directory where nothing is left in it. Never raises."""
    with contextlib.suppress(OSError):
        directory.rmdir()


class Contents(NamedTuple):
    """A file as read: `torn` bytes at its end are no record, nor are `damaged` ones before."""

    journal: str
    heading: bytes
    records: list[Record]
    torn: int
    damaged: int


def read(path: Path) -> Contents:
    """What is whole in the file; a damaged head leaves only the heading unknown. Raises OSError."""
    data = path.read_bytes()
    journal, heading, start = _head(data) or (_id_in(path), b"", 0)
    records = list(unpack(data, start, crc32(journal)))
    end = records[-1].end if records else start
    whole = sum(record.end - record.start for record in records)
    torn, damaged = len(data) - end, end - start - whole
    if start == 0 and len(data) > _HEAD.size:  # not the head of a segment that was just begun
        torn, damaged = 0, torn + damaged
    return Contents(journal.hex(), heading, records, torn, damaged)


def _id_in(path: Path) -> bytes:
    return bytes.fromhex(path.stem.partition("-")[2])


def _head(data: bytes) -> tuple[bytes, bytes, int] | None:
    if len(data) < _HEAD.size:
        return None
    magic, journal, _, length = _HEAD.unpack_from(data)
    end = _HEAD.size + length
    if magic != _MAGIC or data[end : end + _CHECKSUM.size] != _CHECKSUM.pack(crc32(data[:end])):
        return None
    return journal, data[_HEAD.size : end], end + _CHECKSUM.size
