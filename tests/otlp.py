"""OTLP requests made with the library, and their JSON as protobuf's own converter writes it."""

import base64
import gzip
import json
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs_service
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics_service
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_service
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from server.config import Config
from server.events import Trace
from server.parts import make_receivers

from .corpus import captured, request_of

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
REQUESTS: dict[str, Any] = {
    "traces": trace_service.ExportTraceServiceRequest,
    "logs": logs_service.ExportLogsServiceRequest,
    "metrics": metrics_service.ExportMetricsServiceRequest,
}
RESPONSES: dict[str, Any] = {
    "traces": trace_service.ExportTraceServiceResponse,
    "logs": logs_service.ExportLogsServiceResponse,
    "metrics": metrics_service.ExportMetricsServiceResponse,
}
RECEIVERS = {"traces": "spans", "logs": "logs", "metrics": "otlp_metrics"}
_LISTS = {
    "traces": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
    "metrics": ("resource_metrics", "scope_metrics", "metrics"),
}
TRACE_ID = "5b8efff798038103d269b633813fc60c"
START = 1_795_452_272_709_000_000
END = START + 1_234_567_891
"""When spans begin, and when they end and what failed was recorded: Unix ns."""
END_MS = END // 10**6
SERVICE = {"service.name": "shop", "deployment.environment.name": "test"}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.provider.name": "openai",
}
IDS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")


def bodies(signal):
    """The captured requests of a signal that are protobuf, unpacked."""
    for param in captured(f"otlp-{signal}"):
        path = param.values[0]
        where, headers = request_of(path)
        if where.endswith(f"/v1/{signal}") and "protobuf" in headers["content-type"]:
            body = path.read_bytes()
            packed = headers.get("content-encoding") == "gzip"
            yield gzip.decompress(body) if packed else body


def as_json(message, *, snake=False, hexadecimal=True, escaped=True):
    """A request in JSON; `hexadecimal`: its ids as OTLP writes them, not as protobuf does."""
    value = json_format.MessageToDict(message, preserving_proto_field_name=snake)
    if hexadecimal:
        _fix_ids(value)
    return json.dumps(value, ensure_ascii=escaped).encode()


def _fix_ids(value):
    """Also of links and exemplars, but not in attributes, whose names stand beside values."""
    if isinstance(value, list):
        for one in value:
            _fix_ids(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name in IDS:
                value[name] = base64.b64decode(one).hex()
            elif name not in ("attributes", "body"):
                _fix_ids(one)


def any_value(value):
    """A Python value as the library's AnyValue."""
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
    found = AnyValue()
    if isinstance(value, list):
        found.array_value.values.extend(map(any_value, value))
        found.array_value.SetInParent()
    else:
        found.kvlist_value.values.extend(pairs(value))
        found.kvlist_value.SetInParent()
    return found


def pairs(attributes):
    """A dict as the library's attributes."""
    return [KeyValue(key=name, value=any_value(value)) for name, value in attributes.items()]


def span(attributes=None, **members):
    """A span with ids and attributes."""
    known = {"trace_id": b"\x01" * 16, "span_id": b"\x02" * 8, "name": "chat"}
    return Span(**{**known, **members}, attributes=pairs(attributes or {}))


def tool(number, attributes=None, exceptions=(), failed=False, message="", **members):
    """A span that is no model call; its id ends in `number`.

    `exceptions`: the attributes of each, without their prefix.
    """
    ids = {"trace_id": bytes.fromhex(TRACE_ID), "span_id": number.to_bytes(8, "big")}
    times = {"start_time_unix_nano": START, "end_time_unix_nano": END}
    found = span(attributes, **{**ids, **times, "name": "work", **members})
    found.status.code, found.status.message = 2 if failed else 0, message
    for said in exceptions:
        told = {f"exception.{name}": value for name, value in said.items()}
        found.events.add(name="exception", time_unix_nano=END, attributes=pairs(told))
    return found


def call(number, attributes=None, **options):
    """A span of a model call."""
    return tool(number, {**CHAT, **(attributes or {})}, **options)


def record(
    body=None,
    attributes=None,
    number=0,
    text="",
    event_name="",
    trace_id="",
    time=END,
    span_id=None,
):
    """A log record of a severity; the ids are hex, and a span's of a trace is known."""
    return LogRecord(
        time_unix_nano=time,
        severity_number=number,
        severity_text=text,
        event_name=event_name,
        body=any_value(body),
        attributes=pairs(attributes or {}),
        trace_id=bytes.fromhex(trace_id),
        span_id=bytes.fromhex(trace_id[:16] if span_id is None else span_id),
    )


def metric(name="requests"):
    """A counter that stands at 3."""
    found = Metric(name=name)
    found.sum.data_points.add(as_int=3, time_unix_nano=END)
    return found


SPENDING = {
    "openclaw.channel": "webchat",
    "openclaw.agent": "main",
    "openclaw.provider": "openai",
    "openclaw.model": "gpt-4o",
}
COST = "openclaw.cost.usd"
MINUTE = 60 * 10**9


def cost(*points, name=COST, temporality=2, start=START, **attributes):
    """What was spent. Of each point the value, and the minutes since START."""
    found = Metric(name=name)
    found.sum.aggregation_temporality, found.sum.is_monotonic = temporality, True
    for value, minutes in points:
        point = found.sum.data_points.add(attributes=pairs(SPENDING | attributes))
        point.start_time_unix_nano = start
        point.time_unix_nano = START + int(minutes * MINUTE)
        if isinstance(value, int):
            point.as_int = value
        elif value is not None:
            point.as_double = value
    return found


def request(*items, signal="traces", resource=None, scope="scope"):
    """A request with these spans, log records or metrics."""
    groups, scopes, records = _LISTS[signal]
    found = REQUESTS[signal]()
    group = getattr(found, groups).add()
    group.resource.attributes.extend(pairs(resource or {}))
    within = getattr(group, scopes).add()
    within.scope.name = scope
    getattr(within, records).extend(items)
    return found


def packed(items, media_type=JSON, signal="traces", **about):
    """The body of such a request."""
    message = request(*items, signal=signal, **about)
    return as_json(message) if media_type == JSON else message.SerializeToString()


def told(response, media_type, signal="traces"):
    """What a 200 says of the lost: how many, and why; None where it says nothing of them."""
    assert (response.code, response.headers["Content-Type"]) == (200, media_type)
    if media_type == JSON:
        said = json.loads(response.body)
        answer = json_format.ParseDict(said, RESPONSES[signal]())
        assert all(isinstance(one, str) for one in said.get("partialSuccess", {}).values())
    else:
        answer = RESPONSES[signal].FromString(response.body)
    if not answer.HasField("partial_success"):
        assert response.body == (b"{}" if media_type == JSON else b"")
        return None
    fields = {field.name: value for field, value in answer.partial_success.ListFields()}
    why = fields.pop("error_message")
    ((_, lost),) = fields.items()
    return lost, why


def items_of(*sent, signal="traces", capture="full", message=None, redactor=None, **about):
    """What the receiver of a signal makes of a request, of a `message` or with these records."""
    message = message or request(*sent, signal=signal, **about)
    body = message.SerializeToString()
    receiver = make_receivers(Config(capture=capture), redactor)[RECEIVERS[signal]]
    return list(receiver.read(bytearray(body), PROTOBUF))


def events_of(*sent, **options):
    """The Events of such a request, in their order."""
    groups = [item for item in items_of(*sent, **options) if type(item) is tuple]
    return [event for group in groups for event in group]


def trace_of(attributes, capture="full", scope="test", resource=None, **members):
    """The Trace of a span with these attributes; None where it is no model call."""
    said = {"start_time_unix_nano": START, "end_time_unix_nano": END, **members}
    found = events_of(span(attributes, **said), capture=capture, scope=scope, resource=resource)
    return next((one for one in found if isinstance(one, Trace)), None)


MESSAGES = '[{"role": "user", "parts": [{"type": "text", "content": "Zebra7"}]}]'
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "Zebra7",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": "7",
    "gen_ai.input.messages": MESSAGES,
    "gen_ai.output.messages": [{"role": "assistant", "parts": [{"content": "Zebra7"}]}],
    "gen_ai.conversation.id": "s",
    "error.type": "Zebra7",
    "custom": [1.5, True, b"Zebra7", None, {"a": ["b"]}],
}
INFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "openai/Zebra7",
    "llm.token_count.prompt": 3.0,
    "llm.input_messages.0.message.content": "Zebra7",
    "llm.output_messages.0.message.content": "Zebra7",
    "output.value": "{}",
    "metadata": '{"a": 1}',
}
EXCEPTION = {
    "exception.type": "Zebra7",
    "exception.message": "Zebra7 failed",
    "exception.stacktrace": "Traceback",
}


def _spans():
    times = {"start_time_unix_nano": 1795000000 * 10**9, "end_time_unix_nano": 1795000001 * 10**9}
    failed = span(CALL, kind=3, **times)
    failed.status.code, failed.status.message = 2, "Zebra7"
    failed.events.add(name="exception", time_unix_nano=5, attributes=pairs(EXCEPTION))
    other = span(INFERENCE, parent_span_id=b"\x04" * 8, span_id=b"\x03" * 8, **times)
    return request(failed, other, span(name="GET /"), resource={"service.name": "Zebra7"})


def _logs():
    found = record("Zebra7", EXCEPTION, 17)
    content = record({"content": "Zebra7"}, event_name="gen_ai.user.message")
    return request(found, content, record("e", text="WARN", trace_id="01" * 16), signal="logs")


def _metrics():
    found = [metric("gen_ai.client.token.usage"), metric("Zebra7")]
    for one in found:
        one.sum.data_points[0].attributes.extend(pairs(CALL))
    told = cost((0.25, 1), (3, 2), **{"openclaw.model": "Zebra7"})
    return request(*found, told, signal="metrics", resource={"service.name": "Zebra7"})


SIGNALS = {"spans": _spans(), "logs": _logs(), "otlp_metrics": _metrics()}
"""A request of each kind that says something, by the receiver that reads it."""
