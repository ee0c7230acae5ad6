"""The lock beside the database: one process at a time takes events into a file."""

import contextlib
import fcntl
import os

from .store import Unusable


class Lock:
    """A lock on `<path>.lock`, links in `path` followed. The kernel frees it with the process."""

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path) + ".lock"
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises `Unusable` where another process has it, or where it cannot be made."""
        while self._descriptor is None:
            try:
                self._descriptor = self._try()
            except OSError as error:
                raise Unusable(
                    f"cannot be locked ({self._path}: {error.strerror});"
                    " does its directory exist and may we write there?"
                ) from None

    def release(self) -> None:
        """Give it back, and remove the file. Never raises; may be called when it is not held."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            if self._is_at_path(self._descriptor):
                os.unlink(self._path)  # before closing: afterwards it may be another's
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        self._descriptor = None

    def _try(self) -> int | None:
        """The locked descriptor, or None where the file was removed before we had the lock."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._lock(descriptor)
            if self._is_at_path(descriptor):
                with contextlib.suppress(OSError):  # as on a full disk: it only helps the message
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 20, 0).strip()
            process = f", process {int(pid)}" if pid.isdigit() else ""
            raise Unusable(f"is in use by another tokenweir{process}") from None

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(descriptor))
        except FileNotFoundError:
            return False
