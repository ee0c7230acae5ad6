"""Streams as logfire tells of them: a span that ends when the answer begins, and then a line.

Of the two only the line has the tokens and the answer. It is a span of its own, without a word of
the other one, but under the same parent and with the same request.
"""

from collections import defaultdict, deque
from collections.abc import Iterator

from ....ids import hashed
from ..records import FAILED, Span
from . import recognise

_OWN = ("logfire.", "code.")
"""How attributes begin that tell of the span itself."""
_SAME = ("gen_ai.request.model", "gen_ai.input.messages", "request_data")


class Streams:
    """The spans of one request that may be of a stream: they wait for its end."""

    def __init__(self) -> None:
        self._calls: defaultdict[str, deque[Span]] = defaultdict(deque)
        self._lines: list[Span] = []

    def hold(self, span: Span) -> bool:
        """Whether the span, which is a call or tells tokens, waits."""
        kind = span.attributes.get("logfire.span_type")
        if kind == "log":
            self._lines.append(span)
        elif (
            kind == "span"
            and span.status_code != FAILED
            and not recognise.has_usage(span.attributes)
        ):
            self._calls[_request(span)].append(span)
        else:
            return False
        return True

    def spans(self) -> Iterator[tuple[Span, bool]]:
        """Each call, with what its line says where it has one, and each line that is no call's.

        Beside it, whether it was two spans.
        """
        for line in sorted(self._lines, key=lambda line: line.start_ns):
            calls = self._calls[_request(line)]
            if calls and calls[0].end_ns <= line.start_ns:
                yield _with(calls.popleft(), line), True
            else:
                yield line, False
        for call in (call for calls in self._calls.values() for call in calls):
            yield call, False


def _request(span: Span) -> str:
    """What a call and its line have in common: one without a parent has a trace of its own."""
    where = (span.trace_id, span.parent_span_id) if span.parent_span_id else ("", "")
    asked = (str(span.attributes.get(name)) for name in _SAME)
    return hashed("\0".join((span.scope, *where, *asked)))


def _with(call: Span, line: Span) -> Span:
    """The call with what the line says of it."""
    own = {name: value for name, value in call.attributes.items() if name.startswith(_OWN)}
    return call._replace(attributes={**call.attributes, **line.attributes, **own})
