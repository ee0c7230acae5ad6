"""OpenClaw's gateway: a model call, a log record of one that failed, and a metric.

A gateway whose metrics find no such path complains for ever, and only its logs tell of failures.
"""

from . import MODEL, PROTOBUF, PROVIDER, SAID, Post, new, protobuf

_SCOPE = "openclaw"
_WARN = 13


def posts() -> list[Post]:
    call, failure = new(), new()
    attributes = {
        "openclaw.provider": PROVIDER,
        "openclaw.model": MODEL,
        "openclaw.api": "openai-completions",
        "gen_ai.system": PROVIDER,
        "gen_ai.request.model": MODEL,
        "gen_ai.operation.name": "text_completion",
        "gen_ai.usage.input_tokens": 1,
        "gen_ai.usage.output_tokens": 1,
    }
    failed = {
        "openclaw.event": "embedded_run_agent_end",
        "openclaw.isError": True,
        "openclaw.error": SAID,
        "openclaw.provider": PROVIDER,
        "openclaw.model": MODEL,
        "openclaw.failoverReason": "doctor",
    }
    span = protobuf.span(_SCOPE, "openclaw.model.call", call, attributes)
    record = protobuf.record(_SCOPE, "embedded run agent end", _WARN, failure, failed)
    metric = protobuf.metric(_SCOPE, "openclaw.queue.depth", call)
    return [
        Post("/v1/traces", PROTOBUF, span, "trace", call.trace_id),
        Post("/v1/logs", PROTOBUF, record, "error", failure.trace_id),
        Post("/v1/metrics", PROTOBUF, metric, None),
    ]
