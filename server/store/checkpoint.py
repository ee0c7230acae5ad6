"""Checkpoints: copying the write-ahead log into the database file, where nothing takes it back."""

import os
import sqlite3
import time
from collections.abc import Callable

from ..disk import size_of
from .connection import BUSY_SECONDS
from .faults import translate

PAGES = 1000
"""Most pages by which the log grows from one checkpoint to the next: as many as SQLite's own."""
WAIT_SECONDS, LONGEST_PAUSE = 0.5, 8.0
"""Longest wait for readers to end. After one that was in vain there is none for as long, then for
twice that, up to the longest pause."""
_HEADER, _FRAME_HEADER = 32, 24  # bytes, of the log and before each of its pages (its "frames")


Observe = Callable[[str, float], None]
"""Takes the outcome, ok or error, and the seconds."""


class Checkpoints:
    """Knows when the log beside `path` is due, and what is wrong. For the store's thread."""

    def __init__(self, path: str, most_bytes: int, observe: Observe) -> None:
        """The log grows by `most_bytes` at most; `observe` is told of each checkpoint."""
        self._path = os.path.realpath(path)
        self._log = self._path + "-wal"  # SQLite puts it beside the file itself
        self._most_bytes, self._observe = most_bytes, observe
        self._salt = b""
        self._not_before, self._pause = 0.0, WAIT_SECONDS
        self._copied = 0  # frames that the last checkpoint of the log with that salt found
        self.trouble: str | None = None
        """What is wrong with the last one."""
        self.is_held = False
        """Whether it left something in the log that a reader still needs."""

    def is_due(self) -> bool:
        """Whether the log has grown by PAGES since the last checkpoint that did not fail.

        One that a reader held up is not tried again before the log has grown that much more.
        """
        try:
            return self._has_grown()
        except OSError:
            return False

    def run(self, db: sqlite3.Connection, mode: str = "PASSIVE") -> bool:
        """Whether all that is committed is in the database file now, and synced. Never raises.

        A log that readers, one after another, keep from starting over is cut, which may take
        WAIT_SECONDS.
        """
        is_done = self._run(db, mode)
        if mode == "PASSIVE" and size_of(self._log) > 2 * self._most_bytes:
            return self._cut(db) or is_done
        return is_done

    def give_back(self, db: sqlite3.Connection, size: int) -> bool:
        """Make both files as short as they can be, where that is worth it.

        `size` is that of the database without its free end. Whether `run` was done. Never raises.
        """
        if size_of(self._log) > self._most_bytes or size_of(self._path) > size:
            return self._cut(db)
        return False

    def _cut(self, db: sqlite3.Connection) -> bool:
        """Readers that begin while this waits for the others need nothing of the log."""
        start = time.monotonic()
        wait = WAIT_SECONDS if start >= self._not_before else 0
        try:
            db.execute(f"PRAGMA busy_timeout = {wait * 1000:.0f}")
            is_done = self._run(db, "TRUNCATE")
        finally:
            db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
        if not self.is_held:
            self._pause = WAIT_SECONDS
        elif wait:
            self._not_before = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return is_done

    def _run(self, db: sqlite3.Connection, mode: str) -> bool:
        start = time.monotonic()
        try:
            busy, frames, copied = db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error as error:
            self._observe("error", time.monotonic() - start)
            said = translate(error)
            self.trouble = f"the write-ahead log cannot be copied into the database: {said}"
            return False
        self._observe("ok", time.monotonic() - start)
        self.trouble, self._copied = None, max(frames, 0)
        self.is_held = bool(busy) or frames != copied
        return bool(frames == copied >= 0)

    def _has_grown(self) -> bool:
        """From the log itself, sqlite.org/fileformat2.html#walformat, since SQLite does not tell.

        It starts over from its beginning with another salt, which each frame carries, so that its
        size tells nothing. No lock lies on this file that opening and closing it could drop.
        """
        log = os.open(self._log, os.O_RDONLY)
        try:
            header = os.pread(log, _HEADER, 0)
            page, salt = int.from_bytes(header[8:12], "big"), header[16:24]
            if salt != self._salt:
                self._salt, self._copied = salt, 0
            pages = min(PAGES, max(1, self._most_bytes // (page or 1)))
            frame = _HEADER + (self._copied + pages - 1) * (_FRAME_HEADER + page)
            return bool(salt) and os.pread(log, len(salt), frame + 8) == salt
        finally:
            os.close(log)
