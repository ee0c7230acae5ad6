"""From a valid item to the Event that is stored: defaults, times, ids, cutting.

An item here has the members of the native schemas (a receiver of another dialect maps to them
first) and has passed `validation.py`. What is checked here is what a schema cannot say; an Event
that exists can be stored.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from . import metadata
from .capture import NOT_CAPTURED, flat
from .events import MAX_NAME, UTF8, Error, Event, Trace
from .ids import uuid7
from .members import ERROR, TRACE, Members, Read, Row
from .redaction.redactor import Redactor
from .redaction.scrubber import MARGIN
from .texts import clip, shorten, utf8
from .times import now_ms

Item = Mapping[str, Any]
_OK = frozenset(("", "ok", "success", "succeeded", "completed"))
_FAILED = frozenset(("error", "failed", "failure"))
_WHOLE: Mapping[str, int] = {}
_MEMBERS = {"trace": TRACE, "error": ERROR}


class Draft(NamedTuple):
    """An event as it will be, should nobody find a secret in it; and what else is to be read."""

    kind: str
    row: Row
    said: bytes
    """Of its columns what may hold a secret."""
    item: Item
    cut: Mapping[str, int]
    is_large: bool
    """Whether its item may hold more than is `said`, so that others should not wait for it."""


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
        return cast(Trace, self._event(self.draft("trace", item, cut), source))

    def error(self, item: Item, source: str, cut: Mapping[str, int] = _WHOLE) -> Error:
        """A row of `error_events`, arriving now. `cut`: as for `trace`."""
        return cast(Error, self._event(self.draft("error", item, cut), source))

    def draft(self, kind: str, item: Item, cut: Mapping[str, int] = _WHOLE) -> Draft:
        """An event that is not scrubbed yet. `cut`: as for `trace`. Raises `Invalid`."""
        members = _MEMBERS[kind]
        (row, unknown, said), shortened = self._columns(members, item, cut)
        text = metadata.encode(row["metadata"], unknown, shortened, self._max_metadata)
        if self._redactor is not None:
            said = self._redactor.said(said, members.long(row), text)
        row["metadata"] = text
        for name in shortened and members.texts:
            self._clip(row, name)
        says_all = self._captures and self._redactor is not None
        is_large = not says_all or (text is not None and b'"truncated":' in text)
        return Draft(kind, row, said, item, cut, is_large)

    def events(self, drafts: Sequence[Draft], source: str) -> Iterator[Event]:
        """The Events of `drafts`, arriving now: one look for secrets at all of them together."""
        suspects: Container[int] = ()
        if self._redactor is not None:
            suspects = self._redactor.suspects([draft.said for draft in drafts])
        now = now_ms()
        for number, draft in enumerate(drafts):
            row = self._scrubbed(draft) if number in suspects else draft.row
            yield _arrived(draft.kind, row, source, now)

    def _event(self, draft: Draft, source: str) -> Event:
        return next(self.events((draft,), source))

    def _columns(
        self, members: Members, item: Item, shortened: Mapping[str, int]
    ) -> tuple[Read, dict[str, int]]:
        """What is read of an item; and the bytes of the texts of which less will be kept."""
        row, unknown, said = members.read(item)
        cut = dict(shortened)
        if not self._captures:
            unknown, cut = self._forget(members, row), {}
        for name in members.texts:
            if (text := row[name]) is not None:
                row[name] = whole = utf8(name, text)
                if len(whole) > self._max_text or b";" in whole:  # most are neither
                    row[name] = self._read(name, whole, cut)
        return (row, unknown, said), cut

    def _scrubbed(self, draft: Draft) -> Row:
        """The row of `draft` without its secrets: read again, as less may be cut by then."""
        members, redactor = _MEMBERS[draft.kind], cast(Redactor, self._redactor)
        (row, unknown, _), cut = self._columns(members, draft.item, draft.cut)
        scrubber = redactor.columns(row, members.names, members.texts, self._max_text)
        for name in members.texts:
            if self._clip(row, name) and name not in cut:  # its markers are longer than its secrets
                cut[name] = len(utf8(name, draft.item[name]))
        text = metadata.encode(row["metadata"], unknown, cut, self._max_metadata)
        scrubbed = None if text is None else redactor.metadata(text, scrubber)
        if scrubbed is not None:
            text = metadata.encode_again(scrubbed, self._max_metadata)
        row["metadata"] = text
        return row

    def _clip(self, row: Row, name: str) -> bool:
        """Cut a text of `row` to size; whether it was longer."""
        text = row[name]
        if text is None or len(text) <= self._max_text:
            return False
        row[name] = clip(text, self._max_text)
        return True

    def _read(self, name: str, whole: bytes, cut: dict[str, int]) -> bytes:
        """As much of `whole` as is read; notes its size in `cut` where less will be kept."""
        text = shorten(whole, self._max_read)
        if len(text) < len(whole) or len(text) > self._max_text:
            cut.setdefault(name, len(whole))
        return text

    def _forget(self, members: Members, row: Row) -> Row:
        """Take out of `row` what may be a text that somebody wrote, its unknown members too."""
        for name in members.texts:
            row[name] = NOT_CAPTURED if name == "message" else None
        row["metadata"] = flat(row["metadata"])
        return {}


def _arrived(kind: str, row: Row, source: str, now: int) -> Event:
    """The Event of `row`, with what the service fills in."""
    row["event_id"] = row["event_id"] or uuid7(now)
    row["trace_id"] = row["trace_id"] or row["event_id"]
    row["created_at"], row["source"] = now, source
    if kind == "error":
        row["severity"] = row["severity"] or "error"
        return Error._make(row.values())
    row["provider"] = row["provider"] or "unknown"
    row["model"] = row["model"] or "unknown"
    row["status"], row["error_type"] = stored_status(row["status"], row["error_type"])
    row["cost_source"] = None if row["cost_usd"] is None else "reported"
    return Trace._make(row.values())


def stored_status(word: str | None, error_type: str | None) -> tuple[str, str | None]:
    """The stored status and error_type: ok, error, or error with the sender's word as its type."""
    plain = word if word in _OK else (word or "").strip().lower()
    if plain in _OK:
        return "ok", error_type
    if plain in _FAILED:
        return "error", error_type
    return "error", error_type or word
