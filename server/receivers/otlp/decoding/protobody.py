"""OTLP in protobuf: the fields that lead to records are walked, a record is read as a whole."""

from collections.abc import Iterator

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ....refusal import Refusal
from ..records import Attributes, Raw
from .framing import BYTES, Malformed, fields
from .limit import Limit
from .protovalues import Message, attributes, read
from .trimming import RESOURCE, SCOPE
from .values import clean

Range = tuple[int, int]
"""Where a message begins, and where it ends."""


def raw_records(body: bytearray, limit: Limit) -> Iterator[Raw[Message]]:
    """The records of an export request: the three signals are framed alike.

    Raises `Refusal`, at any moment, where they cannot be told apart or are too many.
    """
    try:
        for number, kind, start, end in fields(body, 0, len(body)):
            limit.part()
            if (number, kind) == (1, BYTES):
                yield from _of_group(body, start, end, limit)
    except Malformed:
        raise Refusal("invalid_protobuf", 400, "not an export request in protobuf") from None


def _of_group(body: bytearray, start: int, end: int, limit: Limit) -> Iterator[Raw[Message]]:
    """Of all that comes from one resource."""
    own, scopes = _split(body, start, end, limit)
    inner = [_split(body, start, end, limit) for start, end in scopes]
    # what no record needs goes unread: nobody else has a turn between two records
    resource = _resource(_merged(body, own)) if any(records for _, records in inner) else {}
    for about, records in inner:
        scope = _scope(_merged(body, about)) if records else ""
        for at, behind in records:
            limit.record()
            yield Raw(resource, scope, (body, at, behind), behind - at)


def _split(body: bytearray, start: int, end: int, limit: Limit) -> tuple[list[Range], list[Range]]:
    """Where a group says what is the same for all in it (field 1), and where that is (2)."""
    own: list[Range] = []
    inner: list[Range] = []
    for number, kind, at, behind in fields(body, start, end):
        limit.part()
        if kind == BYTES and number in (1, 2):
            (own if number == 1 else inner).append((at, behind))
    return own, inner


def _merged(body: bytearray, parts: list[Range]) -> Message:
    """The message that comes in these parts: as a rule in one, which is left where it is."""
    if len(parts) == 1:
        return body, *parts[0]
    data = bytearray().join([body[start:end] for start, end in parts])
    return data, 0, len(data)


def _resource(said: Message) -> Attributes:
    """Its attributes; none where it cannot be read, which costs no record."""
    try:
        found = read(Resource, said, RESOURCE)
    except Malformed:
        return {}
    return attributes(found.attributes)


def _scope(said: Message) -> str:
    try:
        found = read(InstrumentationScope, said, SCOPE)
    except Malformed:
        return ""
    return clean(found.name)
