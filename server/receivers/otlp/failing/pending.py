"""Exceptions that wait for the end of a request, since a later call may tell of them itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ....events import Error, Group, Invalid, Item, Skipped
from . import causes
from .causes import Cause

NO_CALL = Skipped("not_a_model_call")
LATER: Group = ()
"""In the place of what waits: no event, but a moment between two items for others to work in."""

_MOST_CAUSES = 100
"""Of the failed calls of a trace that are compared: an exception is looked for among them all."""

Raised = list[tuple[Cause, Error]]
"""Exceptions of a span, as they would be stored."""


class Pending:
    """The exceptions of one request, at most one entry a span.

    `most`: different exceptions after which no span with others is taken: one of 6 KB has 128.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._exceptions: list[tuple[str, Raised]] = []
        self._known: set[str] = set()
        self._failed: defaultdict[str, dict[Cause, None]] = defaultdict(dict)

    def call(self, trace_id: str, told: Iterable[Cause]) -> None:
        """What a model call that failed says of that."""
        for one in told:
            if len(self._failed[trace_id]) < _MOST_CAUSES:
                self._failed[trace_id][one] = None

    def check_room(self) -> None:
        """Raises `Invalid` where one more span with exceptions would be too much."""
        if len(self._known) >= self._most:
            raise Invalid("unstorable", "", f"more than {self._most} exceptions in one request")

    def is_new(self, event_id: str) -> bool:
        """Whether no span before had this exception."""
        known = event_id in self._known
        self._known.add(event_id)
        return not known

    def exceptions(self, trace_id: str, raised: Raised) -> None:
        """The new exceptions on one span of a trace."""
        self._exceptions.append((trace_id, raised))

    def items(self) -> Iterator[Item]:
        """One for each span that waited, now that all have been read."""
        for trace_id, raised in self._exceptions:
            yield self._own(trace_id, raised) or NO_CALL

    def _own(self, trace_id: str, raised: Raised) -> Group:
        """The exceptions that no failed call of their trace has as its own error."""
        calls = self._failed.get(trace_id, ())
        return tuple(
            error
            for cause, error in raised
            if not any(causes.is_about(cause, one) for one in calls)
        )
