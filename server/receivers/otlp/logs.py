"""Log records: those that tell of a failure are errors, and texts of a call are parts of it."""

from collections import Counter
from collections.abc import Iterator

from ...events import Group, Invalid, Item, Rejected
from ..maker import Maker
from . import SOURCE
from .decoding import reading
from .failing import told
from .failing.lanes import NO_FAILURE, Lanes
from .failing.pending import LATER
from .parts import part
from .records import LogRecord


class LogsReceiver:
    """Reads the bodies of /v1/logs."""

    def __init__(self, maker: Maker, max_records: int) -> None:
        self._maker, self._max_records = maker, max_records

    def read(self, body: bytearray, media_type: str) -> Iterator[Item]:
        lanes, known = Lanes(), Counter[str]()
        records = reading.log_records(body, media_type, self._max_records)
        for number, record in enumerate(records):
            yield (
                record if isinstance(record, Rejected) else self._item(record, number, lanes, known)
            )
        yield from lanes.items()

    def _item(self, record: LogRecord, number: int, lanes: Lanes, known: Counter[str]) -> Item:
        fails = told.is_failure(record)
        try:
            text = part(record, number, self._maker, known)
            found: Group = () if text is None else (text,)
            if not fails:
                return found or NO_FAILURE
            item = (*found, self._maker.error(told.error(record), SOURCE))
        except Invalid as fault:
            return fault.rejected("error" if fails else "trace")
        return LATER if lanes.hold(record, item) else item
