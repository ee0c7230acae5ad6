"""Whether a call takes longer than it should, for whoever asks meanwhile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Overdue:
    """Watches one call at a time. May be asked from any thread."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: a call that takes longer is overdue."""
        self.seconds = seconds
        self._since: float | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around the call."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    def __bool__(self) -> bool:
        since = self._since  # read once: it is moved while others look
        return since is not None and time.monotonic() - since > self.seconds
