"""OTLP requests with one span, log record or metric, as the exporters make them."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from . import Mark

SERVICE = "tokenweir-doctor"


def span(scope: str, name: str, mark: Mark, attributes: Mapping[str, object]) -> bytes:
    """The body of a request to /v1/traces."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    spans.resource.attributes.extend(_pairs({"service.name": SERVICE}))
    group = spans.scope_spans.add()
    group.scope.name = scope
    end = mark.at_ms * 10**6
    group.spans.add(
        trace_id=bytes.fromhex(mark.trace_id),
        span_id=bytes.fromhex(mark.span_id),
        name=name,
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=end - 10**6,
        end_time_unix_nano=end,
        attributes=_pairs(attributes),
    )
    return bytes(request.SerializeToString())


def record(
    scope: str, said: str, severity: int, mark: Mark, attributes: Mapping[str, object]
) -> bytes:
    """The body of a request to /v1/logs."""
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add()
    logs.resource.attributes.extend(_pairs({"service.name": SERVICE}))
    group = logs.scope_logs.add()
    group.scope.name = scope
    group.log_records.add(
        time_unix_nano=mark.at_ms * 10**6,
        trace_id=bytes.fromhex(mark.trace_id),
        span_id=bytes.fromhex(mark.span_id),
        severity_number=severity,
        body=AnyValue(string_value=said),
        attributes=_pairs(attributes),
    )
    return bytes(request.SerializeToString())


def metric(scope: str, name: str, mark: Mark) -> bytes:
    """The body of a request to /v1/metrics."""
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add()
    metrics.resource.attributes.extend(_pairs({"service.name": SERVICE}))
    group = metrics.scope_metrics.add()
    group.scope.name = scope
    gauge = group.metrics.add(name=name).gauge
    gauge.data_points.add(time_unix_nano=mark.at_ms * 10**6, as_int=1)
    return bytes(request.SerializeToString())


def _pairs(attributes: Mapping[str, object]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(value)) for name, value in attributes.items()]


def _value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value)
