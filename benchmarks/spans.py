"""OTLP requests of model calls, as the OpenTelemetry SDK sends them: about 2 KB a span."""

import json
import os
import time

from load import TEXT
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PROTOBUF = "application/x-protobuf"


def body(spans: int, text_bytes: int = 1400) -> bytes:
    """A request of so many calls, each with new ids, in protobuf."""
    found = ExportTraceServiceRequest()
    resource = found.resource_spans.add()
    _set(
        resource.resource.attributes, {"service.name": "bench", "telemetry.sdk.language": "python"}
    )
    scope = resource.scope_spans.add()
    scope.scope.name = "opentelemetry.instrumentation.openai_v2"
    end, words = time.time_ns(), (TEXT * (text_bytes // len(TEXT) + 1))[: text_bytes // 2]
    for _ in range(spans):
        span = scope.spans.add(
            trace_id=os.urandom(16), span_id=os.urandom(8), name="chat gpt-4o-mini", kind=3
        )
        span.start_time_unix_nano, span.end_time_unix_nano = end - 812_000_000, end
        _set(span.attributes, _attributes(words))
    return found.SerializeToString()


def _attributes(words: str) -> dict[str, str | int | float]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.temperature": 0.3,
        "gen_ai.request.max_tokens": 500,
        "gen_ai.response.id": "chatcmpl-3dc0535378fb",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.finish_reasons": '["stop"]',
        "gen_ai.usage.input_tokens": 512,
        "gen_ai.usage.output_tokens": 128,
        "gen_ai.usage.cache_read.input_tokens": 256,
        "gen_ai.conversation.id": "session-1",
        "openai.response.service_tier": "default",
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.input.messages": _message("user", words),
        "gen_ai.output.messages": _message("assistant", words),
    }


def _message(role: str, words: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": words}]}])


def _set(attributes, values: dict[str, str | int | float]) -> None:
    kinds = {str: "string_value", int: "int_value", float: "double_value"}
    for name, value in values.items():
        setattr(attributes.add(key=name).value, kinds[type(value)], value)
