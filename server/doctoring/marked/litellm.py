"""LiteLLM's callback generic_api: an array with one call."""

import json

from . import COST_USD, JSON, MODEL, PROVIDER, SAID, Mark, Post, new


def posts() -> list[Post]:
    mark = new()
    return [Post("/v1/litellm", JSON, json.dumps([_call(mark)]).encode(), "trace", mark.trace_id)]


def _call(mark: Mark) -> dict[str, object]:
    end = mark.at_ms / 1000
    return {
        "id": f"doctor-{mark.span_id}",
        "litellm_call_id": f"{mark.session_id}:{mark.span_id}",
        "trace_id": mark.trace_id,
        "session_id": mark.session_id,
        "call_type": "acompletion",
        "status": "success",
        "custom_llm_provider": PROVIDER,
        "model": MODEL,
        "messages": [{"role": "user", "content": SAID}],
        "response": {"choices": [{"message": {"role": "assistant", "content": SAID}}]},
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "total_tokens": 2,
        "response_cost": COST_USD,
        "startTime": end - 0.001,
        "endTime": end,
        "request_tags": ["doctor"],
    }
