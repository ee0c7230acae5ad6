"""Bodies of OTLP/HTTP: bytes in, records out, one or some at a time."""

from collections.abc import Iterator
from itertools import chain

from ....events import Rejected
from ....refusal import Refusal
from ...documents import JSON
from .. import PROTOBUF, PROTOBUFS
from ..records import LogRecord, Metric, Span
from . import jsonbody, jsonmetrics, jsonrecords, protobody, protometrics, protorecords
from .limit import Limit
from .together import together


def spans(body: bytearray, media_type: str, most: int) -> Iterator[Span | Rejected]:
    """The spans of an ExportTraceServiceRequest; a Rejected for one that cannot be decoded.

    Raises `Refusal`, at any moment, where spans cannot be told apart, or are more than `most`.
    `body` is given away.
    """
    return chain.from_iterable(spans_together(body, media_type, most))


def spans_together(body: bytearray, media_type: str, most: int) -> Iterator[list[Span | Rejected]]:
    """The same, some at a time."""
    if _is_protobuf(media_type):
        messages = together(protobody.raw_records(body, Limit(most)))
        return ([protorecords.span(raw) for raw in raws] for raws in messages)
    objects = together(jsonbody.raw_records(body, jsonbody.SPANS, Limit(most)))
    return ([jsonrecords.span(raw) for raw in raws] for raws in objects)


def log_records(body: bytearray, media_type: str, most: int) -> Iterator[LogRecord | Rejected]:
    """The same of an ExportLogsServiceRequest."""
    if _is_protobuf(media_type):
        return map(protorecords.log_record, protobody.raw_records(body, Limit(most)))
    records = jsonbody.raw_records(body, jsonbody.LOG_RECORDS, Limit(most))
    return map(jsonrecords.log_record, records)


def metrics(
    body: bytearray, media_type: str, most: int, names: frozenset[str] = frozenset()
) -> Iterator[Metric | Rejected | None]:
    """The metrics of an ExportMetricsServiceRequest that have one of these names; None for others.

    `most`: of metrics, and of points that are read, together.
    """
    limit = Limit(most)
    if _is_protobuf(media_type):
        records = protobody.raw_records(body, limit)
        return (protometrics.metric(raw, names, limit) for raw in records)
    found = jsonbody.raw_records(body, jsonbody.METRICS, limit)
    return (jsonmetrics.metric(raw, names, limit) for raw in found)


def _is_protobuf(media_type: str) -> bool:
    """Whether it is protobuf rather than JSON. Raises `Refusal` for what is neither."""
    if media_type not in PROTOBUFS and media_type != JSON:
        message = f"Content-Type must be {PROTOBUF} or {JSON}"
        raise Refusal("unsupported_media_type", 415, message)
    return media_type in PROTOBUFS
