"""A call that waits for the end of its request."""

from typing import NamedTuple

from ....events import Error, Group, Trace
from ...lenient import name
from ..records import Span


class Held(NamedTuple):
    """A call, the error of one that failed, and what its row does not say. Times in Unix ns."""

    trace: Trace
    error: Error | None
    keys: tuple[str, ...]
    """Those that its span tells by itself."""
    parent: str
    """The event id that its parent would have; empty where it has none."""
    service: str
    scope: str
    start_ns: int
    end_ns: int

    def group(self, *keys: str) -> Group:
        """Its Events; the trace has its own keys and these."""
        trace = self.trace
        if keys or self.keys:
            trace = Trace(*trace[:-1], (*self.keys, *keys))
        return (trace,) if self.error is None else (trace, self.error)


def held(span: Span, trace: Trace, error: Error | None, keys: tuple[str, ...]) -> Held:
    """The call that the span is."""
    parent = f"{span.trace_id}:{span.parent_span_id}" if span.parent_span_id else ""
    service = name(span.resource.get("service.name")) or ""
    return Held(trace, error, keys, parent, service, span.scope, span.start_ns, span.end_ns)
