"""Spans: a model call is a trace, and an error where it failed; an exception is an error."""

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Any, cast

from ...events import TURN_USAGE, Invalid, Item, Rejected, Trace
from ..maker import Maker
from . import SOURCE
from .calls import keys, recognise
from .calls.held import held
from .calls.making import make
from .calls.streams import Streams
from .calls.waiting import Waiting
from .decoding import reading
from .failing import causes, failures
from .failing.failures import Failure
from .failing.pending import LATER, NO_CALL, Pending, Raised
from .records import Span

Native = dict[str, Any]
_WAITS = ""
"""In the place of an operation."""


class SpansReceiver:
    """Reads the bodies of /v1/traces."""

    def __init__(self, maker: Maker, max_spans: int) -> None:
        self._maker, self._max_spans = maker, max_spans

    def read(self, body: bytearray, media_type: str) -> Iterator[Item]:
        request = _Request(self._maker, self._max_spans)
        for spans in reading.spans_together(body, media_type, self._max_spans):
            yield from request.take(spans)
        yield from request.items()


class _Request:
    """The spans of one request, of which most wait for its end."""

    def __init__(self, maker: Maker, max_spans: int) -> None:
        self._maker = maker
        self._streams, self._calls, self._exceptions = Streams(), Waiting(), Pending(max_spans)

    def take(self, spans: Sequence[Span | Rejected]) -> Iterator[Item]:
        """What becomes of these at once."""
        looked = list(map(self._look, spans))
        calls = [one for one, operation in zip(spans, looked, strict=True) if operation]
        made = make(cast(list[Span], calls), list(filter(None, looked)), self._maker)
        for one, operation in zip(spans, looked, strict=True):
            if operation:
                yield self._call(*next(made))
            elif operation is None:
                yield self._no_call(one) if isinstance(one, Span) else one
            else:
                yield LATER

    def items(self) -> Iterator[Item]:
        """All that waited."""
        for span, was_two in self._streams.spans():
            operation = recognise.operation(span) or TURN_USAGE
            yield from starmap(self._call, make([span], [operation], self._maker))
            if was_two:
                yield NO_CALL
        yield from self._calls.items()
        yield from self._exceptions.items()

    def _look(self, span: Span | Rejected) -> str | None:
        """What a call did; None where it is no call, and _WAITS where that is not yet known."""
        if isinstance(span, Rejected):
            return None
        operation = recognise.operation(span)
        self._calls.span(span, None if operation == TURN_USAGE else operation)
        if operation is None:
            return None
        return _WAITS if self._streams.hold(span) else operation

    def _no_call(self, span: Span) -> Item:
        try:
            return LATER if self._holds(span) else NO_CALL
        except Invalid as fault:
            return fault.rejected("error")

    def _call(
        self, span: Span, failure: Failure | None, native: Native, trace: Trace | Invalid
    ) -> Item:
        """Have a call wait, and the error of one that failed."""
        if isinstance(trace, Invalid):
            return trace.rejected("trace")
        tied = keys.keys(span, trace, native["metadata"], self._maker.ident)
        try:
            self._wait(span, failure, trace, tied)
        except Invalid as fault:
            return fault.rejected("trace")
        return LATER

    def _wait(
        self, span: Span, failure: Failure | None, trace: Trace, tied: tuple[str, ...]
    ) -> None:
        if failure is None:
            self._holds(span)
            self._calls.call(held(span, trace, None, tied))
            return
        told = failures.causes_of_call(failure, span)
        error = self._maker.error(failures.error_of_call(failure, trace, span), SOURCE)
        error = error._replace(keys=causes.keys(span.trace_id, told))
        self._calls.call(held(span, trace, error, tied))
        self._exceptions.call(trace.trace_id, told)

    def _holds(self, span: Span) -> bool:
        """Whether the span has exceptions; those that no span before it had are held back."""
        found = failures.exceptions(span) if span.happenings else []
        if not found:
            return False
        self._exceptions.check_room()
        raised: Raised = []
        for failure in found:
            cause = causes.cause(failure.error_type, failure.message)
            event_id = causes.event_id(span.trace_id, cause, span.span_id, failure.time_ns)
            if self._exceptions.is_new(event_id):
                told = failures.error(failure, span, event_id)
                raised.append((cause, self._maker.error(told, SOURCE)))
        self._exceptions.exceptions(span.trace_id, raised)
        return True
