"""The files that a connection has open: whether they still lie where they were opened."""

import contextlib
import os

Identity = tuple[int, int]


class Files:
    """The database at `path`, and its log and index beside it. For the store's thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._main: Identity | None = None
        self._beside: dict[str, Identity] = {}

    def remember(self) -> None:
        """What lies there now is what a connection has opened."""
        real = os.path.realpath(self._path)  # SQLite puts its files beside the file itself
        self._main = _identity(self._path)
        found = {real + end: _identity(real + end) for end in ("-wal", "-shm")}
        self._beside = {path: known for path, known in found.items() if known is not None}

    def forget(self) -> None:
        """No connection has opened anything."""
        self._main, self._beside = None, {}

    def is_replaced(self) -> bool:
        """Whether the database was deleted, or another took its place. Raises OSError."""
        return self._main is not None and _identity(self._path) != self._main

    def is_torn(self) -> bool:
        """Whether log or index were, and the database was not. Raises OSError."""
        return any(_identity(path) != known for path, known in self._beside.items())

    def closed(self) -> None:
        """Forget log and index where closing removed them: their numbers may be given again."""
        for path, known in list(self._beside.items()):
            with contextlib.suppress(OSError):
                if _identity(path) != known:
                    del self._beside[path]

    def remove_left(self) -> None:
        """Remove log and index, where they are the remembered ones: no other may take them up.

        Raises OSError.
        """
        for path, known in self._beside.items():
            if _identity(path) == known:
                os.unlink(path)


def _identity(path: str) -> Identity | None:
    """Device and number of a file, links followed; None where there is none."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
