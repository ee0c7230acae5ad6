"""Metrics of OTLP in protobuf: only those that are asked for are read."""

from itertools import islice
from typing import Any

from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, NumberDataPoint
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric as MetricMessage

from ....events import Rejected
from ..records import Metric, Point, Raw
from .framing import BYTES, Malformed, fields
from .limit import Limit
from .protorecords import rejected
from .protovalues import Message, attributes, read
from .trimming import METRIC

DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
NO_VALUE = 1
"""A flag of a point: that there is nothing to tell."""
_FIRST_FIELDS = 16
"""Fields among which the name is looked for. It is the first with every sender."""


def metric(raw: Raw[Message], names: frozenset[str], limit: Limit) -> Metric | Rejected | None:
    """None where it has none of these names; a Rejected where it cannot be read."""
    try:
        if _name(raw.said) not in names:
            return None
        said = read(MetricMessage, raw.said, METRIC)
    except Malformed as fault:
        return rejected("trace", "metric", fault)
    points = []
    for point in said.sum.data_points:
        limit.record()
        points.append(_point(point))
    is_delta = said.sum.aggregation_temporality == DELTA
    return Metric(raw.resource, raw.scope, said.name, is_delta, points)


def _name(said: Message) -> str:
    """Of a metric of which nothing else is read."""
    data, start, end = said
    for number, kind, at, behind in islice(fields(data, start, end), _FIRST_FIELDS):
        if (number, kind) == (1, BYTES):
            return data[at : min(behind, at + 256)].decode("utf-8", "replace")
    return ""


def _point(said: NumberDataPoint) -> Point:
    return Point(
        attributes(said.attributes), said.start_time_unix_nano, said.time_unix_nano, _value(said)
    )


def _value(said: Any) -> float | None:
    kind = None if said.flags & NO_VALUE else said.WhichOneof("value")
    return float(getattr(said, kind)) if kind else None
