"""Metrics of OTLP in JSON: only those that are asked for are read."""

from typing import Any

from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from ...lenient import mapping
from ..records import Metric, Point, Raw
from .jsonrecords import either
from .jsonscalars import enumerated, integer, string, time_ns
from .jsonvalues import attributes
from .limit import Limit
from .protometrics import DELTA, NO_VALUE

_TEMPORALITIES = dict(AggregationTemporality.items())


def metric(raw: Raw[Any], names: frozenset[str], limit: Limit) -> Metric | None:
    """None where it has none of these names, or would take too much memory."""
    said = mapping(raw.said)
    if (name := string(said.get("name"))) not in names:
        return None
    total = mapping(said.get("sum"))
    found = either(total, "dataPoints", "data_points")
    points = []
    for point in found if isinstance(found, list) else ():
        limit.record()
        if isinstance(point, dict):
            points.append(_point(point))
    temporality = either(total, "aggregationTemporality", "aggregation_temporality")
    is_delta = enumerated(temporality, _TEMPORALITIES) == DELTA
    return Metric(raw.resource, raw.scope, name, is_delta, points)


def _point(said: dict[str, Any]) -> Point:
    return Point(
        attributes(said.get("attributes")),
        time_ns(either(said, "startTimeUnixNano", "start_time_unix_nano")),
        time_ns(either(said, "timeUnixNano", "time_unix_nano")),
        _value(said),
    )


def _value(said: dict[str, Any]) -> float | None:
    """From a number, or a string that holds one, as protobuf's JSON has integers and NaN."""
    if (integer(said.get("flags")) or 0) & NO_VALUE:
        return None
    value = either(said, "asDouble", "as_double")
    if value is None:
        value = either(said, "asInt", "as_int")
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
