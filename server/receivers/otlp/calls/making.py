"""From the spans of calls to their traces, stage by stage (see `decoding/together.py`)."""

from collections.abc import Iterator, Sequence
from typing import Any

from ....events import Invalid, Trace
from ...maker import Maker
from .. import SOURCE
from ..failing import failures
from ..failing.failures import Failure
from ..records import Span
from ..texts import content
from . import columns

Made = tuple[Span, Failure | None, dict[str, Any], Trace | Invalid]
"""The span of a call, why that failed, its native members, and what they came to: the fault where
they cannot be stored. Plain: three named ones took 1 us a span."""


def make(spans: Sequence[Span], operations: Sequence[str], maker: Maker) -> Iterator[Made]:
    """What the spans of calls, which did these `operations`, come to."""
    most = maker.max_text_bytes
    texts = [content.texts(span.attributes, span.happenings, most) for span in spans]
    failed = [
        failures.of_call(span, said.output_text) for span, said in zip(spans, texts, strict=True)
    ]
    natives = list(map(columns.trace, spans, operations, texts, failed))
    traces = maker.traces(natives, [said.cut for said in texts], SOURCE)
    return zip(spans, failed, natives, traces, strict=True)
