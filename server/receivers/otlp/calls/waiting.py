"""The calls of a request, which wait for its end: what ties them to each other may come last."""

from collections.abc import Iterator

from .... import links
from ....events import Group, Item
from ..records import Span
from .held import Held
from .nesting import Nesting
from .twins import Twins

_MOMENT: Group = ()
"""No event, but a moment for others to work in."""


class Waiting:
    """The calls of one request."""

    def __init__(self) -> None:
        self._calls: list[Held] = []
        self._nesting = Nesting()
        self._above: dict[str, str] = {}
        self._twin: dict[str, str] = {}

    def span(self, span: Span, operation: str | None) -> None:
        """Any span, and the operation of one that is a call."""
        self._nesting.add(span, operation)

    def call(self, call: Held) -> None:
        """A call that is a row, or the sum of some."""
        self._calls.append(call)

    def items(self) -> Iterator[Item]:
        """The calls in the order in which they came, now that all spans have been read."""
        for call in self._calls:
            if call.parent and self._look_up(call):
                yield _MOMENT
        yield from self._find_twins()
        for call in self._calls:
            event_id = call.trace.event_id
            above, twin = self._above.get(event_id), self._twin.get(event_id)
            keys = [links.under(above)] if above and above != call.parent else []
            yield call.group(*keys, *([twin] if twin else ()))

    def _find_twins(self) -> Iterator[Item]:
        nested, twins = {*self._above, *self._above.values()}, Twins()
        for call in self._calls:
            if call.trace.event_id not in nested and twins.add(call):
                yield _MOMENT
        for keys in twins.found():
            self._twin |= keys
            yield _MOMENT

    def _look_up(self, call: Held) -> bool:
        """Note the call above this one; whether there was more than its parent to look at."""
        event_id = call.trace.event_id
        if above := self._nesting.above(event_id, call.parent):
            self._above[event_id] = above
        return above != call.parent
