"""JSON of one's own: a call and an error."""

import json
from collections.abc import Mapping
from typing import Literal

from . import COST_USD, JSON, MODEL, PROVIDER, SAID, Post, new


def posts() -> list[Post]:
    return [_post("/v1/traces", "trace", _CALL), _post("/v1/errors", "error", _FAILURE)]


_CALL = {
    "operation": "chat",
    "input_text": SAID,
    "output_text": SAID,
    "prompt_tokens": 1,
    "completion_tokens": 1,
    "cost_usd": COST_USD,
    "latency_ms": 1,
}
_FAILURE = {"error_type": "doctor", "message": SAID, "severity": "debug"}


def _post(path: str, kind: Literal["trace", "error"], members: Mapping[str, object]) -> Post:
    mark = new()
    event = {
        "event_id": f"{mark.session_id}:{kind}",
        "trace_id": mark.trace_id,
        "session_id": mark.session_id,
        "provider": PROVIDER,
        "model": MODEL,
        "metadata": {"doctor": True},
        **members,
    }
    body = json.dumps(event).encode()
    return Post(path, JSON, body, kind, mark.trace_id)
