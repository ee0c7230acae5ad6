"""Events of about 2 KB, as senders other than OpenTelemetry's would have them."""

import json
from typing import Any

from .payload import MARKER

TEXT = "It looked at the three documents and found no clause on early termination. Größe: 12 m²\n"
_ID = MARKER.decode()


def words(size: int) -> str:
    """So many bytes of text."""
    encoded = (TEXT * (size // len(TEXT.encode()) + 1)).encode()[:size]
    return encoded.decode(errors="ignore")


def trace(text_bytes: int = 2048) -> dict[str, Any]:
    """One call with 12 fields, `text_bytes` of text in its two texts, without ids: each is new."""
    text = words(text_bytes // 2)
    return {
        "provider": "openai",
        "model": "gpt-4o-mini",
        "started_at": 1795452272709,
        "operation": "chat",
        "input_text": text,
        "output_text": text,
        "prompt_tokens": 512,
        "completion_tokens": 128,
        "cost_usd": 0.00015,
        "latency_ms": 812.5,
        "status": "success",
        "session_id": "session-1",
    }


def litellm_call(kib: int = 2) -> dict[str, Any]:
    """A log object of LiteLLM with a conversation of so many KiB."""
    text = words(kib * 1024 // 10)
    return {
        "id": f"chatcmpl-{_ID}",
        "litellm_call_id": f"call-{_ID}",
        "model": "gpt-4o-mini",
        "custom_llm_provider": "openai",
        "call_type": "acompletion",
        "status": "success",
        "messages": [{"role": "user", "content": text} for _ in range(9)],
        "response": {"choices": [{"message": {"role": "assistant", "content": text}}]},
        "startTime": 1795452272.7,
        "endTime": 1795452273.5,
        "prompt_tokens": 512,
        "completion_tokens": 128,
        "response_cost": 0.00015,
    }


def envelope() -> bytes:
    """An envelope of Sentry's SDK with one exception, which has a stack of ten frames."""
    event_id = f"{'5' * 24}{_ID}"
    frame = {"filename": "gateway/calls.py", "function": "complete", "lineno": 313, "in_app": True}
    frames = [{**frame, "context_line": "    answer = await client.chat(**request)"}] * 10
    value = {"type": "UpstreamTimeout", "value": words(200), "stacktrace": {"frames": frames}}
    event = {
        "event_id": event_id,
        "timestamp": 1795452272.7,
        "platform": "python",
        "level": "error",
        "environment": "production",
        "exception": {"values": [value]},
    }
    payload = json.dumps(event).encode()
    head = json.dumps({"event_id": event_id}).encode()
    item = json.dumps({"type": "event", "length": len(payload)}).encode()
    return b"\n".join([head, item, payload, b""])
