"""Redaction of an event's columns, before there is an Event."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import orjson

from ..events import IDS, MAX_NAME
from ..ids import hashed
from .members import Members, lines
from .patterns import Patterns
from .rules import Rule
from .scrubber import NOT_STORED, SECONDS, TIME_BUDGET, Count, Late, Scrubber


class Redactor:
    """Finds and replaces secrets. One a service; called on the event loop's thread."""

    def __init__(
        self, own: Sequence[Rule], count: Callable[[str], Count], seconds: float = SECONDS
    ) -> None:
        """`own`: rules beside those that are built in. `count`: the counter of a rule."""
        self._patterns, self._members, self._seconds = Patterns(own), Members(), seconds
        names = (*self._patterns.names, TIME_BUDGET)
        self._counts: Mapping[str, Count] = {name: count(name) for name in names}

    def said(self, names: bytes, texts: Iterable[bytes | None], metadata: bytes | None) -> bytes:
        """What an event says that may hold a secret, for `suspects`; `names`: a line each."""
        if metadata is not None and self._is_hidden(metadata):
            metadata = self._lines(orjson.loads(metadata))
        return b"\n".join(filter(None, (names, *texts, metadata)))

    def suspects(self, said: Sequence[bytes]) -> Container[int]:
        """Which of them, by their places, may hold a secret: one pass over all together."""
        try:
            return self._patterns.suspects(said)
        except Exception:  # noqa: BLE001 whatever it is
            return range(len(said))

    def columns(
        self, row: dict[str, Any], names: Sequence[str], texts: Sequence[str], limit: int
    ) -> Scrubber | None:
        """Scrub `names` and `texts` of `row`, in place; None where nothing was suspect.

        `limit`: bytes of a text that may be kept; the row should hold MARGIN more of a longer one.
        A name keeps what is around its secrets; of an id that holds one the hash is kept.
        """
        get = row.__getitem__
        said = "\n".join(filter(None, map(get, names))).encode()
        if not self._suspect(b"\n".join((said, *filter(None, map(get, texts))))):
            return None
        scrubber = self._scrubber()
        for name in filter(get, names if self._suspect(said) else ()):
            row[name] = _named(name, row[name], scrubber)
        for name in filter(get, texts):
            row[name] = scrubber.text(row[name], limit)
        return scrubber

    def metadata(self, text: bytes, scrubber: Scrubber | None) -> dict[str, Any] | None:
        """What the JSON object in `text` comes to without its secrets; None: as it is.

        `scrubber`: that of the event, where it has one.
        """
        value: dict[str, Any] | None = None
        if self._is_hidden(text):
            value = orjson.loads(text)
            text = self._lines(value)
        if not self._suspect_json(text):
            return None
        try:
            found: dict[str, Any] = self._members.scrubbed(
                orjson.loads(text) if value is None else value, scrubber or self._scrubber()
            )
        except Late:
            return {"redaction": NOT_STORED}
        return found

    def name(self, name: str) -> str:
        """A name of any length, scrubbed and then cut to MAX_NAME characters."""
        if not self._suspect(name.encode()):
            return name[:MAX_NAME]
        return self._scrubber().name(name, MAX_NAME)

    def ident(self, value: str) -> str:
        """An id as it is, or its hash where it holds a secret."""
        if self._suspect(value.encode()) and self._scrubber().holds_secret(value):
            return hashed(value)
        return value

    def _is_hidden(self, text: bytes) -> bool:
        """Whether strings may stand in the JSON `text` otherwise than as they are."""
        return self._patterns.has_own or b"\\" in text

    def _lines(self, value: Any) -> bytes:
        return "\n".join(lines(value)).encode()

    def _scrubber(self) -> Scrubber:
        return Scrubber(self._patterns, self._counts, self._seconds)

    def _suspect(self, text: bytes) -> bool:
        return _safely(self._patterns.suspect, text)

    def _suspect_json(self, text: bytes) -> bool:
        return _safely(self._patterns.suspect_json, text)


def _named(name: str, value: str, scrubber: Scrubber) -> str:
    if name in IDS:
        return hashed(value) if scrubber.holds_secret(value) else value
    return scrubber.name(value, MAX_NAME)


def _safely(suspect: Callable[[bytes], bool], text: bytes) -> bool:
    """Whether `text` is suspect; where RE2 cannot say, it is."""
    try:
        return suspect(text)
    except Exception:  # noqa: BLE001 whatever it is
        return True
