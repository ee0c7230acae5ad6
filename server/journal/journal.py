"""The journal as it is written: a new one at each start, in segments of some megabytes."""

import contextlib
import os
from collections import deque
from collections.abc import Sequence
from itertools import accumulate, takewhile
from pathlib import Path
from zlib import crc32

from .record import pack
from .segment import Segment, remove_if_empty

SEGMENT_BYTES = 4 * 2**20
"""A segment that has grown to this is ended, and another one begun, if not earlier."""


class Journal:
    """Appends records. Methods block and raise OSError.

    One thread at a time may append; `sync`, `is_there` and `forget` may be called from another.
    """

    def __init__(
        self, directory: Path, heading: bytes, *, syncs: bool, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        """Touches nothing yet. `syncs`: somebody will call `sync`.

        `segment_bytes`: what becomes of SEGMENT_BYTES where it is less.
        """
        self._directory, self._heading, self._syncs = directory, heading, syncs
        self._full = min(SEGMENT_BYTES, segment_bytes)
        self._take_id()
        self._next = 0
        self._segments: deque[Segment] = deque()
        self._retired: deque[Segment] = deque()
        self._is_spoilt = False
        self._unsynced_names = False

    def begin(self, first: int) -> None:
        """Number the records from `first` on, which is above all that are in the directory.

        Makes the first segment; where that fails, the next append tries again.
        """
        self._next = first
        self._begin_segment()

    def start_over(self) -> None:
        """Be another journal, with the next append, and leave to the next start what is here."""
        for segment in (*self._retired, *self._segments):  # most are closed already
            segment.close()
        self._segments, self._retired = deque(), deque()
        self._take_id()

    def append(self, payloads: Sequence[bytes]) -> int:
        """All of `payloads`, in one write for each segment that they fill; the number of the first.

        None of them counts where it fails. An empty one is a trial of the disk, of no use to
        anybody later.
        """
        first = self._next
        if len(payloads) == 1:  # as nearly always
            self._append_together(payloads, len(payloads[0]))
            return first
        while (done := self._next - first) < len(payloads):
            self._append_some(payloads[done:])
        return first

    def _append_some(self, payloads: Sequence[bytes]) -> None:
        """No more than a segment takes, but one: a settled one is to be removed soon."""
        sums = list(takewhile(self._full.__ge__, accumulate(map(len, payloads))))
        count = max(1, len(sums))
        self._append_together(payloads[:count], sums[-1] if sums else len(payloads[0]))

    def _append_together(self, payloads: Sequence[bytes], size: int) -> None:
        last = self._segments[-1] if self._segments else None
        is_full = last is not None and last.first < self._next and last.size + size > self._full
        if last is None or is_full or self._is_spoilt:
            self._begin_segment()
        first = self._next
        self._next += len(payloads)  # also where it fails: no number stands for two records
        records = [pack(one, number, self._seed) for number, one in enumerate(payloads, first)]
        self._segments[-1].append(records[0] if len(records) == 1 else b"".join(records))

    def sync(self) -> None:
        """Return when what was appended before would survive a power failure.

        What a failed sync leaves on the disk nobody knows: the next append begins a new segment.
        """
        try:
            while self._retired:
                self._retired[0].sync()
                self._retired.popleft().close()
            if self._segments:
                self._segments[-1].sync()
            self._sync_names()
        except OSError:
            self._is_spoilt = True
            if self._retired:
                self._retired.popleft().close()
            raise

    def is_there(self) -> bool:
        """Whether the segment still is at its path; else the next append begins another."""
        last = self._segments[-1] if self._segments else None
        if last is not None and not last.is_there():
            self._is_spoilt |= last is self._segments[-1]  # else it was ended meanwhile
        return not self._is_spoilt

    def forget(self, number: int) -> None:
        """Remove the segments in which no record is above `number`; not the last."""
        while len(self._segments) > 1 and self._segments[1].first <= number + 1:
            with contextlib.suppress(FileNotFoundError):
                self._segments[0].path.unlink()
            self._segments.popleft()

    def close(self, is_empty: bool) -> None:
        """End; never raises. `is_empty`: no record is needed, so remove all segments."""
        if self._syncs:
            with contextlib.suppress(OSError):
                self.sync()
        if self._segments:
            self._segments[-1].close()
        while is_empty and self._segments:
            with contextlib.suppress(OSError):  # what stays is settled, as the next start will see
                self._segments.pop().path.unlink()
        if is_empty:
            remove_if_empty(self._directory)

    def _take_id(self) -> None:
        self._id = os.urandom(16)
        self.id = self._id.hex()
        self._seed = crc32(self._id)

    def _begin_segment(self) -> None:
        self._directory.mkdir(mode=0o700, exist_ok=True)
        new = Segment(self._directory, self._id, self._next, self._heading)
        old = self._segments[-1] if self._segments else None
        self._segments.append(new)  # before the old one is closed: `is_there` looks at the last
        if old is not None and old.first == new.first:  # it holds no record, and had this name
            self._segments.remove(old)
            old.close()
        elif old is not None and self._syncs:
            self._retired.append(old)
        elif old is not None:
            old.close()
        self._is_spoilt, self._unsynced_names = False, True

    def _sync_names(self) -> None:
        if not self._unsynced_names:
            return
        self._unsynced_names = False
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
