"""Reports of calls as the receivers make them."""

import json

from server import links
from server.events import Error, Trace

NOW = 1_795_452_272_709
T = "5b8efff798038103d269b633813fc60c"


def report(event_id, **members):
    """A report of a call as a receiver makes it."""
    found = {
        **dict.fromkeys(Trace._fields),
        "event_id": event_id,
        "trace_id": event_id,
        "created_at": NOW,
        "started_at": NOW,
        "source": "native",
        "provider": "openai",
        "model": "gpt-4o",
        "operation": "chat",
        "status": "ok",
        **members,
    }
    data = found["metadata"] or {}
    ids = [key for key in found["keys"] or () if key.startswith(links.RESPONSE)]
    if ids:  # as the receivers keep it
        data["response_id"] = ids[0].rpartition(":")[2]
    found["metadata"] = json.dumps(data).encode() if data else None
    for name in ("input_text", "output_text"):
        found[name] = found[name] and found[name].encode()
    return Trace(**found)


def span(name, parent=None, trace=T, scope="agent", **members):
    """One of a span."""
    said = {"span_id": name, "parent_span_id": parent, "source": "otlp", "trace_id": trace}
    data = {"scope": scope, **members.pop("metadata", {})}
    return report(f"{trace}:{name}", **{**said, "metadata": data, **members})


def litellm(call_id, **members):
    """What LiteLLM's callback posts."""
    keys = (*members.pop("keys", ()), links.litellm(call_id))
    return report(call_id, **{"source": "litellm", "keys": keys, "trace_id": "t", **members})


def litellm_span(name, call_id, **members):
    """The same call as its other callback tells it."""
    data = {"litellm_call_id": call_id, **members.pop("metadata", {})}
    keys = (*members.pop("keys", ()), links.litellm(call_id))
    return span(name, scope="litellm", metadata=data, **{"keys": keys, **members})


def piece(call, number, role="user", **texts):
    """What a log record tells of the texts of a call."""
    keys = (links.part_of(call.event_id), links.at(NOW * 10**6, number, role))
    return span(f"{call.span_id}:{number}", trace=call.trace_id, model="unknown", **texts)._replace(
        event_id=f"{call.event_id}:{number}", span_id=call.span_id, keys=keys
    )


def usage(name, trace=T, **members):
    """What OpenClaw tells of a turn."""
    keys = (links.turn(trace),)
    return span(name, trace=trace, scope="openclaw", operation="turn_usage", keys=keys, **members)


def error_of(call, **members):
    """The error of a failed call, as its receiver makes it."""
    found = {
        **dict.fromkeys(Error._fields),
        "event_id": f"{call.event_id}:error",
        "trace_id": call.trace_id,
        "span_id": call.span_id,
        "created_at": NOW,
        "source": call.source,
        "error_type": "llm_error",
        "severity": "error",
        "message": f"{call.event_id} failed",
        **members,
    }
    for name in ("message", "stack_trace"):
        found[name] = found[name] and found[name].encode()
    return Error(**found)
