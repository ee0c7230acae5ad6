"""Spans: a model call is a trace, and an error where it failed; an exception is an error."""

from collections.abc import Iterator

from ...events import Group, Invalid, Item, Rejected
from ..maker import Maker
from . import SOURCE
from .calls import columns, recognise
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
        pending = Pending(self._max_spans)
        for span in reading.spans(body, media_type, self._max_spans):
            yield span if isinstance(span, Rejected) else self._item(span, pending)
        yield from pending.items()

    def _item(self, span: Span, pending: Pending) -> Item:
        operation = recognise.operation(span)
        try:
            if operation is None:
                return LATER if self._holds(span, pending) else NO_CALL
            return self._call(span, operation, pending)
        except Invalid as fault:
            return fault.rejected("error" if operation is None else "trace")

    def _call(self, span: Span, operation: str, pending: Pending) -> Group:
        """The call, and the error of one that failed."""
        texts = content.texts(span, self._maker.max_text_bytes)
        failure = failures.of_call(span, texts.output_text)
        native = columns.trace(span, operation, texts, failure)
        trace = self._maker.trace(native, SOURCE, texts.cut)
        group: Group = (trace,)
        if failure is not None:
            told = failures.error_of_call(failure, trace, span)
            group = trace, self._maker.error(told, SOURCE)
        if operation == recognise.TURN_USAGE and recognise.is_sum(span):
            pending.usage(group)
            return LATER
        pending.call(trace, failures.causes_of_call(failure, span) if failure else ())
        if failure is None:
            self._holds(span, pending)
        return group

    def _holds(self, span: Span, pending: Pending) -> bool:
        """Whether the span has exceptions; those that no span before it had are held back."""
        found = failures.exceptions(span) if span.happenings else []
        if not found:
            return False
        pending.check_room()
        raised: Raised = []
        for failure in found:
            cause = causes.cause(failure.error_type, failure.message)
            event_id = causes.event_id(span.trace_id, cause, span.span_id, failure.time_ns)
            if pending.is_new(event_id):
                told = failures.error(failure, span, event_id)
                raised.append((cause, self._maker.error(told, SOURCE)))
        pending.exceptions(span.trace_id, raised)
        return True
