"""The store: the seam between the pipeline and where events are kept.

Blocking, without Tornado, called from one thread. SQLite (`writer.py`) is the one that ships.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from ..events import Event, Trace
from .traffic import Traffic


class Mark(NamedTuple):
    """A position in the journal: all records of `journal`, its id, up to `number` are settled."""

    journal: str
    number: int


class Written(NamedTuple):
    """What became of a committed batch, by kind; the first three add up to the batch."""

    persisted: Counter[str]
    deduplicated: Counter[str]
    merged: Counter[str]
    """Parts that filled another's row, or wait for it."""
    traffic: Traffic


class Trimmed(NamedTuple):
    """What was deleted, and how things stand."""

    deleted: Counter[str]
    """Rows since the last call, by kind: those of which it is sure by now."""
    expired: int
    """Parts since the last call, likewise, whose call never came."""
    blanked: int
    """Rows that lost their texts, since the start."""
    oldest: Mapping[str, int]
    """When the oldest row of each kind arrived, in Unix ms; without the kinds that have none."""
    size: int
    """Bytes of the database file."""
    more: bool
    """Whether something is left to do, and has been for a while."""
    urgent: bool
    """Whether that must be done before anything is written."""
    slack: float
    """Bytes that may be written before `trim` is to be called again; 0 where it did something."""


Price = Callable[[Trace], Trace]
"""Gives a call without a cost its cost, where that is known. For the store's thread."""


def as_it_is(trace: Trace) -> Trace:
    """No prices are known."""
    return trace


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


class Damaged(Unusable):
    """A file that is no whole database any more."""


Aside = Literal["dead_lettered", "deduplicated", "full"]


class Store(Protocol):
    """All methods block and are called from the store's one thread."""

    safe: Mark | None
    """What no fault of the write-ahead log can take back any more. May be read by any thread."""

    files: int
    """How often another file took the place of the one that was open. May be read by any thread.

    No mark of a journal that was marked before is committed to the new one.
    """

    @property
    def trouble(self) -> str | None:
        """What is wrong although commits succeed; None while all is well. For any thread."""

    def open(self) -> None:
        """Make ready. Raises `Unusable`."""

    def marks(self) -> Mapping[str, int]:
        """The number of the last settled record by journal id, as committed. Raises `Unavailable`.

        Of a journal that is not in it, nothing is known to be stored.
        """

    def write(self, batch: Sequence[Event], mark: Mark | None = None) -> Written:
        """Commit all of `batch`, and `mark`, or none; then raises `Unavailable` or `Refused`."""

    def set_aside(self, event: Event, reason: str, mark: Mark | None = None) -> Aside:
        """Commit a refused event as a dead letter, and `mark`.

        `full`: no more are kept, nothing was committed; `deduplicated`: it is there already.
        Raises `Unavailable`, or `Refused` for the letter itself.
        """

    def tend(self) -> None:
        """See whether it can still be written, while there is nothing to write.

        Raises `Unavailable`.
        """

    def trim(self, is_idle: bool) -> Trimmed:
        """Delete a little of what is too old or too much, in some milliseconds.

        `is_idle`: nothing was written of late, so it may take on more, and give back space that
        would be used again.
        Raises `Unavailable`.
        """

    @property
    def excess(self) -> str | None:
        """Why the files are larger than they may be; None while they are not. For any thread."""

    def checkpoint(self) -> bool:
        """Bring what is committed to where no fault of the write-ahead log can take it back.

        False where that is not done. Raises `Unavailable`.
        """

    def close(self) -> bool:
        """Give everything back; whether `checkpoint` was done before.

        Never raises; may be called when not open.
        """
