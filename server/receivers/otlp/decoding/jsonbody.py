"""OTLP in JSON: the members that lead to records are walked, a record is read as a whole."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple, TypeVar

from ....refusal import Refusal
from ...cursor import Cursor
from ...documents import WHOLE, fits
from ...lenient import mapping
from ...reader import PYTHONS
from ..records import Attributes, Raw
from .jsonscalars import string
from .jsonvalues import attributes
from .limit import Limit
from .together import BYTES

T = TypeVar("T")

_FEW = 16
"""Records that are worked on together of a body that is parsed at once, and not small: any of them
may be most of it, and all of it took the loop 35 ms."""


class Path(NamedTuple):
    """The members that lead to the records of a signal, in both spellings."""

    groups: frozenset[str]
    scopes: frozenset[str]
    records: frozenset[str]


def _path(groups: str, scopes: str, records: str) -> Path:
    return Path(*(frozenset(names.split()) for names in (groups, scopes, records)))


SPANS = _path("resourceSpans resource_spans", "scopeSpans scope_spans", "spans")
LOG_RECORDS = _path("resourceLogs resource_logs", "scopeLogs scope_logs", "logRecords log_records")
METRICS = _path("resourceMetrics resource_metrics", "scopeMetrics scope_metrics", "metrics")


def raw_records(body: bytearray, path: Path, limit: Limit) -> Iterator[Raw[Any]]:
    """The records of an export request; None is said where one would take too much memory.

    In one of more than WHOLE bytes a resource or scope that follows its records goes unread: only
    a sender that sorts names writes one so, the scope of log records. Raises `Refusal`, at any
    moment, where records cannot be told apart or are too many.
    """
    if len(body) > WHOLE:
        return _walked(Cursor(body), path, limit)
    value = PYTHONS(body)
    if not isinstance(value, dict):
        raise _no_object()
    return _found(value, path, limit, BYTES // _FEW if len(body) > BYTES else 0)


def _found(request: dict[str, Any], path: Path, limit: Limit, size: int) -> Iterator[Raw[Any]]:
    for group in _objects(request, path.groups, limit):
        resource = _resource(group.get("resource"))
        for inner in _objects(group, path.scopes, limit):
            scope = _scope(inner.get("scope"))
            for record in _objects(inner, path.records, limit):
                limit.record()
                yield Raw(resource, scope, record, size)


def _objects(parent: dict[str, Any], names: frozenset[str], limit: Limit) -> Iterator[Any]:
    for name in names & parent.keys():
        children = parent[name]
        for child in children if isinstance(children, list) else ():
            limit.part()
            if isinstance(child, dict):
                yield child


def _walked(cursor: Cursor, path: Path, limit: Limit) -> Iterator[Raw[Any]]:
    if not cursor.is_at(b"{"):
        raise _no_object()
    for name in _members(cursor, limit):
        if name in path.groups:
            for _ in _elements(cursor, limit):
                yield from _of_group(cursor, path, limit)
    cursor.finish()


def _of_group(cursor: Cursor, path: Path, limit: Limit) -> Iterator[Raw[Any]]:
    resource: Callable[[], Attributes] = dict
    for name in _members(cursor, limit):
        if name == "resource":
            resource = _later(_resource, cursor.take())
        elif name in path.scopes:
            for _ in _elements(cursor, limit):
                yield from _of_scope(cursor, path, limit, resource)


def _of_scope(
    cursor: Cursor, path: Path, limit: Limit, resource: Callable[[], Attributes]
) -> Iterator[Raw[Any]]:
    scope: Callable[[], str] = str
    for name in _members(cursor, limit):
        if name == "scope":
            scope = _later(_scope, cursor.take())
        elif name in path.records:
            for _ in _elements(cursor, limit):
                limit.record()
                text = cursor.take()
                size = len(text)  # which is given away
                yield Raw(resource(), scope(), _value(text), size)
                cursor.rested()


def _members(cursor: Cursor, limit: Limit) -> Iterator[str]:
    """Of the object here."""
    for name in cursor.members():
        limit.part()
        yield name


def _elements(cursor: Cursor, limit: Limit) -> Iterator[None]:
    """The objects in the array here; nothing where there is none."""
    if not cursor.is_at(b"["):
        return
    for _ in cursor.elements():
        limit.part()
        if cursor.is_at(b"{"):
            yield


def _later(read: Callable[[object], T], text: bytearray) -> Callable[[], T]:
    """What is read once, when a record first asks: nobody else has a turn before there is one."""
    return cache(lambda: read(_value(text)))


def _value(text: bytearray) -> object:
    """None where it would take too much memory. `text` is given away."""
    return PYTHONS.large(text) if fits(text) else None


def _resource(said: object) -> Attributes:
    return attributes(mapping(said).get("attributes"))


def _scope(said: object) -> str:
    return string(mapping(said).get("name"))


def _no_object() -> Refusal:
    return Refusal("invalid_json", 400, "an export request in JSON must be an object")
