"""OTLP/HTTP: 200 with what was rejected for good, in the request's own encoding."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from ..events import MAX_MESSAGE, Item
from ..intake import Intake
from ..receivers.documents import JSON
from . import Reply, refused


class Signal(NamedTuple):
    """How the requests of one signal are answered: the message, and what it calls the lost."""

    response: type[Any]
    in_protobuf: str
    in_json: str

    def reply(self, intake: Intake, items: Sequence[Item], media_type: str) -> Reply:
        """All of a request, or nothing of it: then raises `Refusal`."""
        taken = intake.take_whole(items)
        refused.check(taken)
        encode = self._json if media_type == JSON else self._protobuf
        return Reply(200, encode(taken.lost, taken.why[:MAX_MESSAGE]), media_type, taken.covered)

    def _protobuf(self, lost: int, why: str) -> bytes:
        response = self.response()
        if lost:
            setattr(response.partial_success, self.in_protobuf, lost)
            response.partial_success.error_message = why
        return bytes(response.SerializeToString())

    def _json(self, lost: int, why: str) -> bytes:
        """A 64-bit integer is a string in the JSON of protobuf."""
        partial = {self.in_json: str(lost), "errorMessage": why}
        return orjson.dumps({"partialSuccess": partial} if lost else {})


SPANS = Signal(ExportTraceServiceResponse, "rejected_spans", "rejectedSpans")
LOGS = Signal(ExportLogsServiceResponse, "rejected_log_records", "rejectedLogRecords")
METRICS = Signal(ExportMetricsServiceResponse, "rejected_data_points", "rejectedDataPoints")
