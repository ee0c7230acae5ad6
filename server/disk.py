"""Sizes of the store's files and of the filesystem they lie on. Blocking, for any thread."""

import contextlib
import os
from pathlib import Path

LOW_SHARE = 0.05
"""Below this share of free space the service calls itself degraded."""


class Disk:
    """Looks at the database file `path`; what is missing or unreachable has size 0."""

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)  # SQLite puts its log beside the file itself

    def main_bytes(self) -> int:
        """Size of the database file."""
        return size_of(self._path)

    def wal_bytes(self) -> int:
        """Size of the write-ahead log."""
        return size_of(self._path + "-wal")

    def journal_bytes(self) -> int:
        """Size of the journal's segments."""
        with contextlib.suppress(OSError), os.scandir(journal_directory(self._path)) as entries:
            return sum(size_of(entry.path) for entry in entries)
        return 0

    def total_bytes(self) -> int:
        """All three together."""
        return self.main_bytes() + self.wal_bytes() + self.journal_bytes()

    def available_bytes(self) -> int:
        """Space that the service may still use."""
        return self._space()[0]

    def size_bytes(self) -> int:
        """Size of the filesystem."""
        return self._space()[1]

    def is_low(self) -> bool:
        """Whether less than LOW_SHARE of the filesystem is free."""
        available, size = self._space()
        return available < LOW_SHARE * size

    def is_writable(self) -> bool:
        """Whether files may be made where the database lies."""
        return os.access(Path(self._path).parent, os.W_OK | os.X_OK)

    def _space(self) -> tuple[int, int]:
        try:
            stat = os.statvfs(Path(self._path).parent)
        except OSError:
            return 0, 0
        return stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize


def journal_directory(path: str) -> Path:
    """Where the journal of the database `path` lies: beside the file itself, as its log does."""
    return Path(os.path.realpath(path) + ".journal.d")


def size_of(path: str) -> int:
    """Bytes; 0 for what is missing or unreachable."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
