"""How a span failed: the error of a model call, and the exceptions on other spans."""

import re
from typing import Any, NamedTuple

from ....events import Trace
from ...failed import error_of_call as _error_of_call
from ...lenient import given, tidy
from ..about import first, milliseconds, origin, ties
from ..calls.attributes import read
from ..records import FAILED, Attributes, Span
from . import causes

_TYPES = ("error.type", "openclaw.errorCategory", "openclaw.failureKind")
"""Attributes that only a call that failed has, and that say how."""
_MESSAGES = ("error.message", "openclaw.error")
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_LEVEL, _STATUS = "langfuse.observation.level", "langfuse.observation.status_message"
_ENDED_BADLY = (["error"], '["error"]', "error")
"""Why all choices ended: all that Mastra says of a call that failed."""
_CODES = ("http.response.status_code", "error.code", "http.status_code")
_MOST = 128
"""Exceptions of a span that are read: SDKs keep no more events of one."""
_TYPED = re.compile(r"\A((?:\w{1,64}\.){0,16}[A-Z]\w{0,128}):(?:\s|$)", re.ASCII)
"""How SDKs write an exception into a status: its type, a colon, its message."""
_CLASS = re.compile(r"\A<class '([\w.]{1,256})'>\Z")
"""How Python shows a type, which Semantic Kernel sends."""


class Failure(NamedTuple):
    """What a span or a log record says of a failure. `time_ns`: Unix ns, 0 where unknown."""

    error_type: str | None
    message: str | None
    stack_trace: str | None
    time_ns: int
    code: str | None = None
    """Of HTTP, or of the provider."""


def of_call(span: Span, output_text: str | None) -> Failure | None:
    """Why a model call failed, whose answer is `output_text`; None where it did not."""
    said = span.attributes
    if not _failed(span) and (output_text or not _broke_off(span)):
        return None
    raised = exceptions(span)
    last = raised[-1] if raised else Failure(None, None, None, span.end_ns)
    kind, *others = _TYPES
    typed = _TYPED.match(span.status_message)
    return Failure(
        _bare(first(said, kind)) or last.error_type or first(said, *others) or (typed and typed[1]),
        first(said, *_MESSAGES, _STATUS) or last.message or span.status_message or None,
        last.stack_trace or first(said, "error.stack_trace"),
        last.time_ns or span.end_ns,
        first(said, *_CODES),
    )


def _failed(span: Span) -> bool:
    get = span.attributes
    if span.status_code == FAILED or get.get(_LEVEL) == "ERROR":
        return True
    if get.get("gen_ai.response.finish_reasons") in _ENDED_BADLY:
        return True
    return bool(first(get, *_TYPES, *_MESSAGES))


def _broke_off(span: Span) -> bool:
    """Whether an exception is all that came of it: LangSmith's status of a failed one is OK."""
    if not exceptions(span):
        return False
    told = read(span.attributes).columns
    return not any(told.get(one) for one in _COUNTS)


def _bare(error_type: str | None) -> str | None:
    shown = _CLASS.match(error_type or "")
    return shown[1] if shown else error_type


def exceptions(span: Span) -> list[Failure]:
    """The exceptions that were recorded on a span, in their order; the last _MOST of them."""
    found = [one for one in span.happenings if one.name == "exception"]
    return [
        Failure(*exception(one.attributes), one.time_ns or span.end_ns) for one in found[-_MOST:]
    ]


def exception(attributes: Attributes) -> tuple[str | None, str | None, str | None]:
    """Type, message and stack trace of an exception, as events and log records write it."""
    return (
        first(attributes, "exception.type"),
        first(attributes, "exception.message"),
        first(attributes, "exception.stacktrace"),
    )


def causes_of_call(failure: Failure, span: Span) -> list[causes.Cause]:
    """All that a failed call says of its failure, which other spans may repeat."""
    words = filter(None, (failure.message, _TYPED.sub("", span.status_message, 1)))
    found = [causes.cause(failure.error_type, message) for message in words]
    found += [causes.cause(one.error_type, one.message) for one in exceptions(span)]
    return found or [causes.cause(failure.error_type, None)]


def error_of_call(failure: Failure, trace: Trace, span: Span) -> dict[str, Any]:
    """The failure of a call in the members of the native error, tied to its trace."""
    return _error_of_call(
        trace,
        failure.message,
        failure.stack_trace,
        milliseconds(failure.time_ns),
        {"error_code": failure.code, **origin(span.resource, span.scope)},
    )


def error(failure: Failure, span: Span, event_id: str) -> dict[str, Any]:
    """An exception on another span in the members of the native error."""
    return given(
        {
            "event_id": event_id,
            "trace_id": span.trace_id,
            "span_id": span.span_id,
            "occurred_at": milliseconds(failure.time_ns),
            "error_type": "system_error",
            "message": failure.message or failure.error_type or "an exception without a message",
            "stack_trace": failure.stack_trace,
            "metadata": tidy(
                {
                    "exception_type": failure.error_type,
                    **origin(span.resource, span.scope),
                    "span_name": span.name,
                }
            ),
            **ties(span.attributes),
        }
    )
