"""A model call's attributes as the members of the native trace."""

from typing import Any

from ....events import TURN_USAGE
from ....ids import hashed
from ...lenient import amount, moment, name
from ..about import milliseconds, origin
from ..failing.failures import Failure
from ..records import Span
from ..texts.content import Texts
from . import tokens
from .attributes import read
from .conventions import EITHER_MODEL
from .recognise import model_of_name

Members = dict[str, Any]

_NS = 1_000_000
_FIRST_TOKEN = frozenset(
    (
        "First Token Stream Event",
        "ai.stream.firstChunk",
        "gen_ai.content.completion.chunk",
        "llm.content.completion.chunk",
    )
)
"""Events of a span; of one for each chunk the first counts."""
_COMPLETION_START = "langfuse.observation.completion_start_time"
_OF_FAILURES = frozenset(
    (
        *("error.type", "error.code", "error.message", "error.stack_trace"),
        *("langfuse.observation.level", "langfuse.observation.status_message"),
    )
)
"""Attributes that the error of a failed call tells."""


def trace(span: Span, operation: str, texts: Texts, failure: Failure | None) -> dict[str, Any]:
    """The call in the members of the native trace; unknown ones are None, or left out."""
    columns, metadata, rest = read(span.attributes)
    if not span.attributes:
        columns["model"] = model_of_name(span)
    _name_models(columns, metadata)
    apart = tokens.leaves_out_cached(span)
    tokens.settle(columns, failed=failure is not None, apart=apart)
    columns.update(_identity(span))
    _set_times(columns, span, is_call=operation != TURN_USAGE)
    columns["operation"] = operation
    columns["status"] = "error" if failure else "ok"
    columns["error_type"] = failure.error_type if failure else None
    columns["input_text"], columns["output_text"] = texts.input_text, texts.output_text
    if rest.get("gen_ai.operation.name") == operation:
        del rest["gen_ai.operation.name"]
    if failure:
        _tell_failure(failure, metadata, rest)
    columns["metadata"] = _metadata(span, metadata, rest)
    return columns


def _name_models(columns: Members, metadata: Members) -> None:
    """Give the call a provider and a model, `unknown` where it names none."""
    either = columns.pop(EITHER_MODEL, None)
    model = columns.get("model") or either
    if either and either != model:
        metadata.setdefault("response_model", either)
    columns["model"] = model or metadata.get("response_model") or "unknown"
    columns.setdefault("provider", "unknown")


def _identity(span: Span) -> Members:
    """Ids that are the same when the span is sent again."""
    whole = span.trace_id and span.span_id
    return {
        "event_id": f"{span.trace_id}:{span.span_id}" if whole else hashed(repr(span)),
        "trace_id": span.trace_id or None,
        "span_id": span.span_id or None,
        "parent_span_id": span.parent_span_id or None,
    }


def _set_times(columns: Members, span: Span, *, is_call: bool) -> None:
    """When it began and, of a call, how long it took, and its first token by an event's time."""
    columns["started_at"] = milliseconds(span.start_ns)
    if not is_call:
        columns.pop("time_to_first_token_ms", None)
        return
    columns["latency_ms"] = _between(span.start_ns, span.end_ns)
    if "time_to_first_token_ms" not in columns and (first := _first_token(span)):
        columns["time_to_first_token_ms"] = _between(span.start_ns, first)


def _first_token(span: Span) -> int:
    """Unix ns; 0 where it is unknown."""
    told = span.attributes.get(_COMPLETION_START)
    if isinstance(told, str):
        return int((moment(told.strip('"')) or 0) * _NS)
    return next((one.time_ns for one in span.happenings if one.name in _FIRST_TOKEN), 0)


def _between(start_ns: int, end_ns: int) -> float | None:
    """Milliseconds; None where a time is missing, or they are in the wrong order."""
    return amount(round((end_ns - start_ns) / _NS, 3)) if 0 < start_ns <= end_ns else None


def _tell_failure(failure: Failure, metadata: Members, rest: Members) -> None:
    """The error of a failed call tells the rest."""
    if failure.code:
        metadata["error_code"] = failure.code
    for attribute in _OF_FAILURES & rest.keys():
        del rest[attribute]


def _metadata(span: Span, metadata: Members, rest: Members) -> Members:
    """What the span says itself, before what its resource says of all its spans."""
    found = {**origin(span.resource, span.scope), **metadata}
    if said := name(span.name):
        found["span_name"] = said
    if rest:
        found["attributes"] = rest
    return found
