"""From a valid item to the Event that is stored: defaults, times, ids, cutting.

An item here has the members of the native schemas (a receiver of another dialect maps to them
first) and has passed `validation.py`. What is checked here is what a schema cannot say; an Event
that exists can be stored.
"""

from collections.abc import Callable, Mapping
from typing import Any

from . import metadata
from .events import MAX_INTEGER, Error, Event, Invalid, Trace
from .ids import uuid7
from .texts import shorten, utf8
from .times import now_ms, parse_rfc3339

Item = Mapping[str, Any]
Build = Callable[[Item, str], Event]
"""`Normaliser.trace` or `Normaliser.error`."""

Readers = dict[str, Callable[[str, Any], Any]]
"""How each member of a native schema is read into its column; a member without one is unknown."""

_OK = frozenset(("", "ok", "success", "succeeded", "completed"))
_FAILED = frozenset(("error", "failed", "failure"))
_WHOLE: Mapping[str, int] = {}


class Normaliser:
    """Makes Events of valid items. Both methods raise `Invalid` for what cannot be stored."""

    def __init__(self, max_text_bytes: int, max_metadata_bytes: int) -> None:
        self._max_text, self._max_metadata = max_text_bytes, max_metadata_bytes

    def trace(self, item: Item, source: str, cut: Mapping[str, int] = _WHOLE) -> Trace:
        """A row of `llm_traces`, arriving now. `cut`: bytes of texts shortened already, by name."""
        row = self._row(Trace._fields, _TRACE_READERS, item, source, dict(cut))
        row["provider"] = row["provider"] or "unknown"
        row["model"] = row["model"] or "unknown"
        row["status"], row["error_type"] = stored_status(row["status"], row["error_type"])
        row["cost_source"] = None if row["cost_usd"] is None else "reported"
        return Trace._make(row.values())

    def error(self, item: Item, source: str) -> Error:
        """A row of `error_events`, arriving now."""
        row = self._row(Error._fields, _ERROR_READERS, item, source, {})
        row["severity"] = row["severity"] or "error"
        return Error._make(row.values())

    def _row(
        self,
        columns: tuple[str, ...],
        readers: Readers,
        item: Item,
        source: str,
        cut: dict[str, int],
    ) -> dict[str, Any]:
        """The columns, in their order, with the item's members read into them."""
        row: dict[str, Any] = dict.fromkeys(columns)
        unknown: dict[str, Any] = {}
        for name, value in item.items():
            read = readers.get(name)
            if read is None:
                unknown[name] = value
            elif read is utf8 and value is not None:
                row[name] = self._cut(name, utf8(name, value), cut)
            elif value is not None:
                row[name] = read(name, value)
        row["metadata"] = metadata.encode(row["metadata"], unknown, cut, self._max_metadata)
        row["event_id"] = row["event_id"] or uuid7()
        row["trace_id"] = row["trace_id"] or row["event_id"]
        row["created_at"], row["source"] = now_ms(), source
        return row

    def _cut(self, name: str, whole: bytes, cut: dict[str, int]) -> bytes:
        """`whole` as it is kept; notes its size in `cut` where that is less."""
        text = shorten(whole, self._max_text)
        if len(text) < len(whole):
            cut.setdefault(name, len(whole))
        return text


def _name(name: str, value: str) -> str | None:
    """A short text: NULL when empty."""
    if not value.isprintable():  # neither is NUL, nor a surrogate
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


def stored_status(word: str | None, error_type: str | None) -> tuple[str, str | None]:
    """The stored status and error_type: ok, error, or error with the sender's word as its type."""
    plain = (word or "").strip().lower()
    if plain in _OK:
        return "ok", error_type
    if plain in _FAILED:
        return "error", error_type
    return "error", error_type or word


_COMMON: Readers = {
    **dict.fromkeys(("event_id", "trace_id", "span_id", "session_id", "agent"), _name),
    **dict.fromkeys(("provider", "model", "error_type"), _name),
    "metadata": metadata.parse,
}
_TRACE_READERS: Readers = {
    **_COMMON,
    **dict.fromkeys(("parent_span_id", "operation", "status"), _name),
    **dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), _count),
    **dict.fromkeys(("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"), _count),
    **dict.fromkeys(("cost_usd", "latency_ms", "time_to_first_token_ms"), _number),
    **dict.fromkeys(("input_text", "output_text"), utf8),
    "started_at": _time,
}
_ERROR_READERS: Readers = {
    **_COMMON,
    **dict.fromkeys(("message", "stack_trace"), utf8),
    "severity": _name,
    "occurred_at": _time,
}
