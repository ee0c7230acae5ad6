"""From a valid item to the Event that is stored: defaults, times, ids, cutting.

An item here has the members of the native schemas (a receiver of another dialect maps to them
first) and has passed `validation.py`. What is checked here is what a schema cannot say; an Event
that exists can be stored.
"""

from collections.abc import Callable, Mapping
from typing import Any

from . import metadata
from .capture import NOT_CAPTURED, flat
from .events import MAX_NAME, UTF8, Error, Event, Trace
from .ids import uuid7
from .members import ERROR, TRACE, Members
from .redaction.redactor import Redactor
from .redaction.scrubber import MARGIN, Scrubber
from .texts import clip, shorten, utf8
from .times import now_ms

Item = Mapping[str, Any]
Build = Callable[[Item, str], Event]
"""`Normaliser.trace` or `Normaliser.error`."""

_OK = frozenset(("", "ok", "success", "succeeded", "completed"))
_FAILED = frozenset(("error", "failed", "failure"))
_WHOLE: Mapping[str, int] = {}


class Normaliser:
    """Makes Events of valid items. Both methods raise `Invalid` for what cannot be stored."""

    def __init__(
        self,
        max_text_bytes: int,
        max_metadata_bytes: int,
        redactor: Redactor | None = None,
        *,
        captures: bool = True,
    ) -> None:
        """`redactor`: scrubs what is kept. `captures`: whether texts are kept at all."""
        self._max_text, self._max_metadata = max_text_bytes, max_metadata_bytes
        self._redactor, self._captures = redactor, captures
        self._max_read = max_text_bytes + (MARGIN if redactor else 0)

    def fit(self, item: dict[str, Any]) -> dict[str, Any]:
        """`item` with its names cut to MAX_NAME characters, for senders who cannot mend them.

        What a cut would halve is scrubbed before. Changes `item` itself.
        """
        for name, value in item.items():
            if isinstance(value, str) and len(value) > MAX_NAME and name not in UTF8:
                item[name] = self._redactor.name(value) if self._redactor else value[:MAX_NAME]
        return item

    def ident(self, value: str) -> str:
        """An id as it is kept beside the columns: a hash of one that holds a secret."""
        return self._redactor.ident(value) if self._redactor else value

    def trace(self, item: Item, source: str, cut: Mapping[str, int] = _WHOLE) -> Trace:
        """A row of `llm_traces`, arriving now. `cut`: bytes of texts shortened already, by name."""
        row = self._row(TRACE, item, source, cut)
        row["provider"] = row["provider"] or "unknown"
        row["model"] = row["model"] or "unknown"
        row["status"], row["error_type"] = stored_status(row["status"], row["error_type"])
        row["cost_source"] = None if row["cost_usd"] is None else "reported"
        return Trace(*row.values())

    def error(self, item: Item, source: str, cut: Mapping[str, int] = _WHOLE) -> Error:
        """A row of `error_events`, arriving now. `cut`: as for `trace`."""
        row = self._row(ERROR, item, source, cut)
        row["severity"] = row["severity"] or "error"
        return Error(*row.values())

    def _row(
        self, members: Members, item: Item, source: str, shortened: Mapping[str, int]
    ) -> dict[str, Any]:
        """The columns, in their order, with the item's members read into them."""
        row, unknown = members.read(item)
        cut = dict(shortened)
        if not self._captures:
            unknown, cut = self._forget(members, row), {}
        for name in members.texts:
            if row[name] is not None:
                row[name] = self._read(name, utf8(name, row[name]), cut)
        scrubber = None
        if self._redactor is not None:
            scrubber = self._redactor.columns(row, members.names, members.texts, self._max_text)
        for name in members.texts:
            if row[name] is not None and len(row[name]) > self._max_text:
                row[name] = clip(row[name], self._max_text)
                if name not in cut:  # its markers are longer than its secrets
                    cut[name] = len(utf8(name, item[name]))
        row["metadata"] = self._encode(row["metadata"], unknown, cut, scrubber)
        row["event_id"] = row["event_id"] or uuid7()
        row["trace_id"] = row["trace_id"] or row["event_id"]
        row["created_at"], row["source"] = now_ms(), source
        return row

    def _read(self, name: str, whole: bytes, cut: dict[str, int]) -> bytes:
        """As much of `whole` as is read; notes its size in `cut` where less will be kept."""
        text = shorten(whole, self._max_read)
        if len(text) < len(whole) or len(text) > self._max_text:
            cut.setdefault(name, len(whole))
        return text

    def _encode(
        self,
        sent: dict[str, Any] | None,
        unknown: dict[str, Any],
        cut: dict[str, int],
        scrubber: Scrubber | None,
    ) -> bytes | None:
        """The metadata column, scrubbed: after it was shortened, which leaves no half of a text."""
        text = metadata.encode(sent, unknown, cut, self._max_metadata)
        if text is None or self._redactor is None:
            return text
        scrubbed = self._redactor.metadata(text, scrubber)
        return text if scrubbed is None else metadata.encode_again(scrubbed, self._max_metadata)

    def _forget(self, members: Members, row: dict[str, Any]) -> dict[str, Any]:
        """Take out of `row` what may be a text that somebody wrote, its unknown members too."""
        for name in members.texts:
            row[name] = NOT_CAPTURED if name == "message" else None
        row["metadata"] = flat(row["metadata"])
        return {}


def stored_status(word: str | None, error_type: str | None) -> tuple[str, str | None]:
    """The stored status and error_type: ok, error, or error with the sender's word as its type."""
    plain = (word or "").strip().lower()
    if plain in _OK:
        return "ok", error_type
    if plain in _FAILED:
        return "error", error_type
    return "error", error_type or word
