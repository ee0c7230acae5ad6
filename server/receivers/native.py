"""The native dialect: items that are what `schemas/` says."""

from collections.abc import Iterator

from ..events import Group, Invalid, Rejected
from ..normalise import Draft, Normaliser
from ..validation import Schema
from . import documents
from .reader import STRICT

_ENOUGH = 2**16
"""Bytes that are looked at for secrets together: what takes the loop 0.3 ms or so."""
_FIXED = 512
"""Bytes that an event counts for at least, as it takes time, too."""


class NativeReceiver:
    """Reads traces or errors, as `kind` says."""

    def __init__(self, kind: str, schema: Schema, normaliser: Normaliser, max_events: int) -> None:
        self._kind, self._schema, self._normaliser = kind, schema, normaliser
        self._max_events = max_events

    def read(self, body: bytearray, media_type: str) -> Iterator[Group | Rejected]:
        items = documents.items(body, media_type, self._kind, self._max_events, STRICT)
        return self._groups(items)

    def _groups(self, items: documents.Items) -> Iterator[Group | Rejected]:
        """Several drafts are made before their Events are, but none waits for what is slow."""
        drafts: list[Draft] = []
        room = _ENOUGH
        for item in items:
            draft = self._draft(item)
            if isinstance(draft, Draft):
                drafts.append(draft)
                room -= _FIXED + len(draft.said)
            if room <= 0 or isinstance(draft, Rejected) or draft.is_large:
                yield from self._made(drafts)
                drafts, room = [], _ENOUGH
            if isinstance(draft, Rejected):
                yield draft
        yield from self._made(drafts)

    def _made(self, drafts: list[Draft]) -> Iterator[Group]:
        return zip(self._normaliser.events(drafts, "native")) if drafts else iter(())

    def _draft(self, item: object) -> Draft | Rejected:
        if isinstance(item, Rejected):
            return item
        try:
            return self._normaliser.draft(self._kind, self._schema.check(item))
        except Invalid as fault:
            return fault.rejected(self._kind)
