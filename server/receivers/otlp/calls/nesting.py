"""Which calls of a request stand within others, with spans between them that are no calls."""

from ..records import Span
from . import recognise

_DEEPEST = 100
"""Spans between two calls that are looked at: hostile ones stand in a circle."""


class Nesting:
    """The spans of one request, by their event ids, at about 300 bytes each."""

    def __init__(self) -> None:
        self._calls: set[str] = set()
        self._between: dict[str, str] = {}

    def add(self, span: Span, operation: str | None) -> None:
        """A span, and what call it is, if any. What acts in between makes calls of its own."""
        if not (span.trace_id and span.span_id):
            return
        event_id = f"{span.trace_id}:{span.span_id}"
        if operation is not None:
            self._calls.add(event_id)
        elif span.parent_span_id and not recognise.is_actor(span):
            self._between[event_id] = f"{span.trace_id}:{span.parent_span_id}"

    def is_call(self, event_id: str) -> bool:
        return event_id in self._calls

    def above(self, event_id: str, parent: str) -> str | None:
        """The nearest call above the call `event_id`, whose parent is `parent`; None if none is.

        Where the way up leaves the request, the span that it leads to: it can be a call of another.
        """
        above = parent
        for _ in range(_DEEPEST):
            if above in self._calls or above not in self._between:
                break
            above = self._between[above]
        else:
            return None
        is_known = above in self._calls or above != parent
        return above if is_known and above != event_id else None
