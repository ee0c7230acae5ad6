"""Spans: a model call is a trace, and an error where it failed; an exception is an error."""

from collections.abc import Iterator

from ...events import TURN_USAGE, Invalid, Item, Rejected
from ..maker import Maker
from . import SOURCE
from .calls import columns, keys, recognise
from .calls.held import held
from .calls.streams import Streams
from .calls.waiting import Waiting
from .decoding import reading
from .failing import causes, failures
from .failing.pending import LATER, NO_CALL, Pending, Raised
from .records import Span
from .texts import content


class SpansReceiver:
    """Reads the bodies of /v1/traces."""

    def __init__(self, maker: Maker, max_spans: int) -> None:
        self._maker, self._max_spans = maker, max_spans

    def read(self, body: bytearray, media_type: str) -> Iterator[Item]:
        request = _Request(self._maker, self._max_spans)
        for span in reading.spans(body, media_type, self._max_spans):
            yield span if isinstance(span, Rejected) else request.item(span)
        yield from request.items()


class _Request:
    """The spans of one request, of which most wait for its end."""

    def __init__(self, maker: Maker, max_spans: int) -> None:
        self._maker = maker
        self._streams, self._calls, self._exceptions = Streams(), Waiting(), Pending(max_spans)

    def item(self, span: Span) -> Item:
        """What becomes of a span at once."""
        operation = recognise.operation(span)
        self._calls.span(span, None if operation == TURN_USAGE else operation)
        if operation is not None:
            return LATER if self._streams.hold(span) else self._call(span, operation)
        try:
            return LATER if self._holds(span) else NO_CALL
        except Invalid as fault:
            return fault.rejected("error")

    def items(self) -> Iterator[Item]:
        """All that waited."""
        for span, was_two in self._streams.spans():
            yield self._call(span, recognise.operation(span) or TURN_USAGE)
            if was_two:
                yield NO_CALL
        yield from self._calls.items()
        yield from self._exceptions.items()

    def _call(self, span: Span, operation: str) -> Item:
        """Have a call wait, and the error of one that failed."""
        try:
            self._take(span, operation)
        except Invalid as fault:
            return fault.rejected("trace")
        return LATER

    def _take(self, span: Span, operation: str) -> None:
        texts = content.texts(span.attributes, span.happenings, self._maker.max_text_bytes)
        failure = failures.of_call(span, texts.output_text)
        native = columns.trace(span, operation, texts, failure)
        trace = self._maker.trace(native, SOURCE, texts.cut)
        tied = keys.keys(span, trace, native["metadata"], self._maker.ident)
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
