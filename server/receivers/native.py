"""The native dialect: items that are what `schemas/` says."""

from collections.abc import Iterator

from ..events import Group, Invalid, Rejected
from ..normalise import Build
from ..validation import Schema
from . import documents
from .reader import STRICT


class NativeReceiver:
    """Reads traces or errors, whichever `schema` and `build` make of it."""

    def __init__(self, kind: str, schema: Schema, build: Build, max_events: int) -> None:
        self._kind, self._schema, self._build = kind, schema, build
        self._max_events = max_events

    def read(self, body: bytearray, media_type: str) -> Iterator[Group | Rejected]:
        items = documents.items(body, media_type, self._kind, self._max_events, STRICT)
        return map(self._event, items)

    def _event(self, item: object) -> Group | Rejected:
        if isinstance(item, Rejected):
            return item
        try:
            return (self._build(self._schema.check(item), "native"),)
        except Invalid as fault:
            return fault.rejected(self._kind)
