"""Log records that bring the texts of a call: parts of the trace that its span is."""

from collections import Counter
from typing import Any

from ... import links
from ...events import Trace
from ...ids import hashed
from ..maker import Maker
from . import SOURCE
from .about import milliseconds, ties
from .records import LogRecord
from .texts import recorded
from .texts.recorded import Said

_MAX_ROLE = 32
_SHORT = 16
"""Characters of a hash that tell the texts of one call at one moment apart."""


def part(
    record: LogRecord, number: int, maker: Maker, known: Counter[str] | None = None
) -> Trace | None:
    """What the record, the `number`th of its request, says of its call; None where nothing is kept.

    `known`: how often each part was told in its request: the same words may be said twice. Raises
    `Invalid`.
    """
    said = recorded.said(record, maker.max_text_bytes)
    if said is None:
        return None
    native = _native(record, said)
    if known is not None:
        known[native["event_id"]] += 1
        if (times := known[native["event_id"]]) > 1:
            native["event_id"] += f":{times}"
    trace = maker.trace(native, SOURCE, said.texts.cut)
    if trace.input_text is None and trace.output_text is None:  # they are not captured
        return None
    call = f"{record.trace_id}:{record.span_id}"
    return trace._replace(
        keys=(
            links.part_of(call),
            links.at(record.time_ns, number, maker.ident(said.role)[:_MAX_ROLE]),
        ),
    )


def _native(record: LogRecord, said: Said) -> dict[str, Any]:
    """The record in the members of the native trace."""
    told = "\0".join((said.event, said.role, *filter(None, said.texts[:2])))
    short = hashed(told).partition(":")[2][:_SHORT]
    return {
        "event_id": f"{record.trace_id}:{record.span_id}:{record.time_ns:020}:{short}",
        "trace_id": record.trace_id,
        "span_id": record.span_id,
        "started_at": milliseconds(record.time_ns),
        "provider": ties(record.attributes)["provider"] or "unknown",
        "model": "unknown",
        "input_text": said.texts.input_text,
        "output_text": said.texts.output_text,
    }
