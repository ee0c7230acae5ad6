"""The store: the seam between the pipeline and where events are kept.

Blocking, without Tornado, called from one thread. SQLite (`writer.py`) is the one that ships.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..events import Event


class Written(NamedTuple):
    """What became of a committed batch, by kind; the two add up to the batch."""

    persisted: Counter[str]
    deduplicated: Counter[str]


class Unavailable(Exception):
    """A passing failure: nothing was written, try the batch again. `reason` is a closed set."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Refused(Exception):
    """A failure that is an event's own: the same batch will fail for ever.

    `str()` is a word of a closed set, fit for a log; `detail` may quote the event.
    """

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(reason)
        self.detail = f"{reason}: {message}" if message else reason


class Unusable(Exception):
    """Not a place where events can be stored; the message tells the operator why."""


class Store(Protocol):
    """All methods block and are called from the store's one thread."""

    def open(self) -> None:
        """Make ready. Raises `Unusable`."""

    def write(self, batch: Sequence[Event]) -> Written:
        """Commit all of `batch`, or none; then raises `Unavailable` or `Refused`."""

    def set_aside(self, event: Event, reason: str) -> bool:
        """Keep a refused event as a dead letter: False where no more are kept.

        Committed when it returns True. Raises `Unavailable`, or `Refused` for the letter itself.
        """

    def close(self) -> None:
        """Give everything back. Never raises; may be called when not open."""
