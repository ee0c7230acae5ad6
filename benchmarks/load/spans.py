"""OTLP requests of model calls, as the OpenTelemetry SDK sends them: about 2 KB a span."""

import json
import time
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .calls import words
from .payload import MARKER

PROTOBUF = "application/x-protobuf"
Value = str | int | float
_RESOURCE: dict[str, Value] = {"service.name": "bench", "telemetry.sdk.language": "python"}
_SCOPE, _NAME, _CLIENT = "opentelemetry.instrumentation.openai_v2", "chat gpt-4o-mini", 3


def protobuf(spans: int, text_bytes: int = 1400) -> bytes:
    """A request of so many calls in protobuf, with markers for ids."""
    found = ExportTraceServiceRequest()
    resource = found.resource_spans.add()
    _set(resource.resource.attributes, _RESOURCE)
    scope = resource.scope_spans.add()
    scope.scope.name = _SCOPE
    end = time.time_ns()
    for _ in range(spans):
        span = scope.spans.add(trace_id=b"8 bytes." + MARKER, span_id=MARKER)
        span.name, span.kind = _NAME, _CLIENT  # type: ignore[assignment]
        span.start_time_unix_nano, span.end_time_unix_nano = end - 812_000_000, end
        _set(span.attributes, _attributes(words(text_bytes // 2)))
    return found.SerializeToString()


def otlp_json(spans: int, text_bytes: int = 1400) -> bytes:
    """The same in JSON."""
    end, marker = time.time_ns(), MARKER.decode()
    span = {
        "traceId": "5" * 24 + marker,
        "spanId": "5" * 8 + marker,
        "name": _NAME,
        "kind": _CLIENT,
        "startTimeUnixNano": str(end - 812_000_000),
        "endTimeUnixNano": str(end),
        "attributes": _in_json(_attributes(words(text_bytes // 2))),
    }
    scope = {"scope": {"name": _SCOPE}, "spans": [span] * spans}
    resource = {"attributes": _in_json(_RESOURCE)}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
    return json.dumps(body, ensure_ascii=False).encode()


def _attributes(text: str) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.temperature": 0.3,
        "gen_ai.request.max_tokens": 500,
        "gen_ai.response.id": f"chatcmpl-{MARKER.decode()}",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.finish_reasons": '["stop"]',
        "gen_ai.usage.input_tokens": 512,
        "gen_ai.usage.output_tokens": 128,
        "gen_ai.usage.cache_read.input_tokens": 256,
        "gen_ai.conversation.id": "session-1",
        "openai.response.service_tier": "default",
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.input.messages": _message("user", text),
        "gen_ai.output.messages": _message("assistant", text),
    }


def _message(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


_KINDS = {str: "string_value", int: "int_value", float: "double_value"}
_JSON_KINDS = {str: "stringValue", int: "intValue", float: "doubleValue"}


def _set(attributes: Any, values: dict[str, Value]) -> None:
    for name, value in values.items():
        setattr(attributes.add(key=name).value, _KINDS[type(value)], value)


def _in_json(values: dict[str, Value]) -> list[dict[str, object]]:
    shown = {k: str(v) if isinstance(v, int) else v for k, v in values.items()}
    return [{"key": k, "value": {_JSON_KINDS[type(values[k])]: v}} for k, v in shown.items()]
