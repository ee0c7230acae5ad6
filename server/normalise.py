"""From a valid item to the Event that is stored: defaults, times, ids, cutting.

An item here has the members of the native schemas (a receiver of another dialect maps to them
first) and has passed `validation.py`. What is checked here is what a schema cannot say; an Event
that exists can be stored.
"""

from collections.abc import Callable, Mapping
from typing import Any

from . import metadata
from .events import Error, Event, Trace
from .ids import uuid7
from .members import ERROR, TRACE, Members
from .texts import shorten, utf8
from .times import now_ms

Item = Mapping[str, Any]
Build = Callable[[Item, str], Event]
"""`Normaliser.trace` or `Normaliser.error`."""

_OK = frozenset(("", "ok", "success", "succeeded", "completed"))
_FAILED = frozenset(("error", "failed", "failure"))
_WHOLE: Mapping[str, int] = {}


class Normaliser:
    """Makes Events of valid items. Both methods raise `Invalid` for what cannot be stored."""

    def __init__(self, max_text_bytes: int, max_metadata_bytes: int) -> None:
        self._max_text, self._max_metadata = max_text_bytes, max_metadata_bytes

    def trace(self, item: Item, source: str, cut: Mapping[str, int] = _WHOLE) -> Trace:
        """A row of `llm_traces`, arriving now. `cut`: bytes of texts shortened already, by name."""
        row = self._row(TRACE, item, source, cut)
        row["provider"] = row["provider"] or "unknown"
        row["model"] = row["model"] or "unknown"
        row["status"], row["error_type"] = stored_status(row["status"], row["error_type"])
        row["cost_source"] = None if row["cost_usd"] is None else "reported"
        return Trace._make(row.values())

    def error(self, item: Item, source: str) -> Error:
        """A row of `error_events`, arriving now."""
        row = self._row(ERROR, item, source, _WHOLE)
        row["severity"] = row["severity"] or "error"
        return Error._make(row.values())

    def _row(
        self, members: Members, item: Item, source: str, shortened: Mapping[str, int]
    ) -> dict[str, Any]:
        """The columns, in their order, with the item's members read into them."""
        row, unknown = members.read(item)
        cut = dict(shortened)
        for name in members.texts:
            if row[name] is not None:
                row[name] = self._cut(name, utf8(name, row[name]), cut)
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


def stored_status(word: str | None, error_type: str | None) -> tuple[str, str | None]:
    """The stored status and error_type: ok, error, or error with the sender's word as its type."""
    plain = (word or "").strip().lower()
    if plain in _OK:
        return "ok", error_type
    if plain in _FAILED:
        return "error", error_type
    return "error", error_type or word
