"""What a sender says, the same whether it came in protobuf or in JSON.

Strings hold neither NUL nor lone surrogates, values nest at most as deep as metadata may.
"""

from typing import Any, Generic, NamedTuple, TypeVar

Attributes = dict[str, Any]
"""Attributes by name, as plain Python values. Of a name that comes twice the last one counts."""
Said = TypeVar("Said")

CLIENT = 3
"""Kind of a span that asks another service."""
FAILED = 2
"""Status code of a span that failed."""


class Raw(NamedTuple, Generic[Said]):
    """A record as it came, with the resource and the scope that it belongs to."""

    resource: Attributes
    scope: str
    said: Said
    size: int = 0
    """Bytes on the wire, or what stands for them; 0 in a small body."""


class Happening(NamedTuple):
    """An event of a span. `time_ns`: Unix ns; 0 where it is not known."""

    name: str
    time_ns: int
    attributes: Attributes


class Span(NamedTuple):
    """One span. Ids are lower-case hex, empty where they are missing or all zeros."""

    resource: Attributes
    scope: str
    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    attributes: Attributes
    happenings: list[Happening]
    status_code: int
    status_message: str


class LogRecord(NamedTuple):
    """One log record. `time_ns`: when it happened, else when it was observed."""

    resource: Attributes
    scope: str
    trace_id: str
    span_id: str
    time_ns: int
    severity_number: int
    severity_text: str
    event_name: str
    body: Any
    attributes: Attributes


class Point(NamedTuple):
    """A data point of a sum. Unix ns; 0 where a time is not known."""

    attributes: Attributes
    start_ns: int
    time_ns: int
    value: float | None


class Metric(NamedTuple):
    """A sum. `is_delta`: a point says what came since the one before it, not since the start."""

    resource: Attributes
    scope: str
    name: str
    is_delta: bool
    points: list[Point]
