"""The error that a failed model call gives beside its trace, for every dialect."""

from typing import Any

from ..events import Trace
from .lenient import ident, tidy


def error_of_call(
    trace: Trace,
    message: str | None,
    stack_trace: str | None,
    occurred_at: int | None,
    metadata: dict[str, object],
) -> dict[str, Any]:
    """The failure of the call `trace` in the members of the native error, tied to it.

    `occurred_at`: Unix ms. `metadata`: what is known beside the exception's type.
    """
    return {
        "event_id": ident(f"{trace.event_id}:error"),
        "trace_id": trace.trace_id,
        "span_id": trace.span_id,
        "session_id": trace.session_id,
        "agent": trace.agent,
        "occurred_at": occurred_at,
        "error_type": "llm_error",
        "message": message or trace.error_type or "the call failed",
        "stack_trace": stack_trace,
        "provider": trace.provider,
        "model": trace.model,
        "metadata": tidy({"exception_type": trace.error_type, **metadata}),
    }
