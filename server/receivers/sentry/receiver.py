"""One envelope: its items as errors, or skipped."""

from collections.abc import Iterator

from ...events import Group, Invalid, Item, Rejected, Skipped
from .. import documents
from ..maker import Maker
from ..reader import PYTHONS
from .envelope import Envelope, Header
from .error import error, event_id

SOURCE = "sentry"


class SentryReceiver:
    """Reads the bodies of /api/<project>/envelope/, whatever their media type."""

    def __init__(self, maker: Maker, max_events: int) -> None:
        self._maker, self._max_events = maker, max_events

    def read(self, body: bytearray, media_type: str) -> Iterator[Item]:
        envelope = Envelope(body)
        skipped = Skipped("other_item", event_id(envelope.header.get("event_id")))
        for payload in documents.at_most(envelope.events(), self._max_events):
            found = None if payload is None else self._item(payload, envelope.header)
            yield found or skipped

    def _item(self, payload: bytearray, header: Header) -> Group | Rejected | None:
        """None for an event that tells of no failure. `payload` is given away."""
        event = documents.alone(payload, "error", PYTHONS)
        if isinstance(event, Rejected):
            return event
        if not isinstance(event, dict):
            return Rejected("error", "schema_invalid", "", "must be object")
        found = error(event, header, self._maker.max_text_bytes)
        if found is None:
            return None
        try:
            return (self._maker.error(found.members, SOURCE, found.cut),)
        except Invalid as fault:
            return fault.rejected("error")
