"""How the members of a native event become the columns of a row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from . import metadata
from .events import COLUMNS, MAX_INTEGER, Invalid
from .texts import utf8
from .times import parse_rfc3339

Reader = Callable[[str, Any], Any]
Row = dict[str, Any]
"""The columns, in their order; and `keys`, which is none of them."""
Read = tuple[Row, Row, bytes]
"""A row; the members that are no columns; and its short texts, a line each."""

_READY = (dict, type(None))  # metadata that needs no reading
_PLAIN_INTEGERS = frozenset((int, type(None)))


class Members:
    """The members of one kind of event, each with its reader."""

    def __init__(self, columns: tuple[str, ...], readers: Mapping[str, Reader]) -> None:
        self._readers, self._known = readers, frozenset(readers)
        self._empty = dict.fromkeys((*columns, "keys"))
        self.names = _read_by(readers, _name)
        """Short texts, ids included."""
        self.texts = _read_by(readers, utf8)
        """Members of any length, which are left as they are here."""
        self._short, self._integers = _values(self.names), _values(_read_by(readers, _count, _time))
        self.long = _values(self.texts)
        """Takes the values of `texts` out of a row."""

    def read(self, item: Mapping[str, Any]) -> Read:
        """Raises `Invalid` for what a schema cannot say."""
        if self._known.issuperset(item):
            row = {**self._empty, **item}
            if self._is_plain(row) and (said := self._plainly_said(row)) is not None:
                return row, {}, said
        row, unknown = self._read_each(item)
        return row, unknown, _lines(self._short(row))

    def _plainly_said(self, row: Row) -> bytes | None:
        """The short texts; None where one is empty, or is what cannot be stored."""
        names = self._short(row)
        try:
            said = _lines(names)
        except UnicodeEncodeError:
            return None
        return None if b"\0" in said or "" in names else said

    def _is_plain(self, row: Row) -> bool:
        """Whether the other columns may stay as they are, as in most events."""
        return type(row["metadata"]) in _READY and _PLAIN_INTEGERS.issuperset(
            map(type, self._integers(row))
        )

    def _read_each(self, item: Mapping[str, Any]) -> tuple[Row, Row]:
        row, unknown = dict(self._empty), {}
        for name, value in item.items():
            read = self._readers.get(name)
            if read is None:
                unknown[name] = value
            elif value is not None:
                row[name] = value if read is utf8 else read(name, value)
        return row, unknown


def _read_by(readers: Mapping[str, Reader], *wanted: Reader) -> list[str]:
    return [name for name, read in readers.items() if read in wanted]


def _lines(names: Iterable[str | None]) -> bytes:
    return "\n".join(filter(None, names)).encode()


def _values(names: Sequence[str]) -> Callable[[Row], tuple[Any, ...]]:
    """Takes the values of these columns out of a row."""
    return itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)


def _name(name: str, value: str) -> str | None:
    """A short text: NULL when empty."""
    if not value.isprintable():
        utf8(name, value)
    return value or None


def _count(name: str, value: float) -> int:
    """An integer, which JSON Schema lets a sender write as 1.0 too."""
    if value > MAX_INTEGER:  # 2.0**63 compares equal to a schema's maximum of 2**63 - 1
        raise Invalid("schema_invalid", f"/{name}", f"must be at most {MAX_INTEGER}")
    return int(value)


def _number(name: str, value: float) -> float:
    return value


def _time(name: str, value: float | str) -> int:
    if not isinstance(value, str):
        return _count(name, value)
    try:
        return parse_rfc3339(value)
    except ValueError as error:
        raise Invalid("schema_invalid", f"/{name}", f"is {error}") from None


_COMMON: dict[str, Reader] = {
    **dict.fromkeys(("event_id", "trace_id", "span_id", "session_id", "agent"), _name),
    **dict.fromkeys(("provider", "model", "error_type"), _name),
    "metadata": metadata.parse,
}
TRACE = Members(
    COLUMNS["trace"],
    {
        **_COMMON,
        **dict.fromkeys(("parent_span_id", "operation", "status"), _name),
        **dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), _count),
        **dict.fromkeys(("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"), _count),
        **dict.fromkeys(("cost_usd", "latency_ms", "time_to_first_token_ms"), _number),
        **dict.fromkeys(("input_text", "output_text"), utf8),
        "started_at": _time,
    },
)
ERROR = Members(
    COLUMNS["error"],
    {
        **_COMMON,
        **dict.fromkeys(("message", "stack_trace"), utf8),
        "severity": _name,
        "occurred_at": _time,
    },
)
