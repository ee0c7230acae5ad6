"""OpenTelemetry's exporters: a model call, a log record of a failure, and a metric."""

import json

from . import COST_USD, MODEL, PROTOBUF, PROVIDER, SAID, Post, new, protobuf

_SCOPE = "tokenweir.doctor"
_ERROR = 17


def posts() -> list[Post]:
    call, failure = new(), new()
    said = json.dumps([{"role": "user", "parts": [{"type": "text", "content": SAID}]}])
    model = {"gen_ai.provider.name": PROVIDER, "gen_ai.request.model": MODEL}
    attributes = {
        **model,
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 1,
        "gen_ai.usage.output_tokens": 1,
        "gen_ai.cost.total_cost": COST_USD,
        "gen_ai.conversation.id": call.session_id,
        "gen_ai.input.messages": said,
        "gen_ai.output.messages": said,
    }
    span = protobuf.span(_SCOPE, f"chat {MODEL}", call, attributes)
    record = protobuf.record(_SCOPE, SAID, _ERROR, failure, model)
    return [
        Post("/v1/traces", PROTOBUF, span, "trace", call.trace_id),
        Post("/v1/logs", PROTOBUF, record, "error", failure.trace_id),
        Post("/v1/metrics", PROTOBUF, protobuf.metric(_SCOPE, "doctor", call), None),
    ]
