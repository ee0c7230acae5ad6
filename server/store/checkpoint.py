"""Checkpoints: copying the write-ahead log into the database file, where nothing takes it back."""

import os
import sqlite3

from .faults import translate

PAGES = 1000
"""Pages by which the log grows from one checkpoint to the next: as many as SQLite's own."""
_HEADER, _FRAME_HEADER = 32, 24  # bytes, of the log and before each of its pages (its "frames")


class Checkpoints:
    """Knows when the log beside `path` is due, and what is wrong. For the store's thread."""

    def __init__(self, path: str) -> None:
        self._log = os.path.realpath(path) + "-wal"  # SQLite puts it beside the file itself
        self._salt = b""
        self._copied = 0  # frames that the last checkpoint of the log with that salt found
        self.trouble: str | None = None
        """What is wrong with the last one."""

    def is_due(self) -> bool:
        """Whether the log has grown by PAGES since the last checkpoint that did not fail.

        One that a reader held up is not tried again before the log has grown that much more.
        """
        try:
            return self._has_grown()
        except OSError:
            return False

    def run(self, db: sqlite3.Connection, mode: str = "PASSIVE") -> bool:
        """Whether all that is committed is in the database file now, and synced. Never raises."""
        try:
            _, frames, copied = db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error as error:
            said = translate(error)
            self.trouble = f"the write-ahead log cannot be copied into the database: {said}"
            return False
        self.trouble, self._copied = None, max(frames, 0)
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
            frame = _HEADER + (self._copied + PAGES - 1) * (_FRAME_HEADER + page)
            return bool(salt) and os.pread(log, len(salt), frame + 8) == salt
        finally:
            os.close(log)
