"""Log records: those that tell of a failure are errors."""

from collections.abc import Iterator

from ...events import Group, Invalid, Item, Rejected
from ..maker import Maker
from . import SOURCE
from .decoding import reading
from .failing import told
from .failing.lanes import NO_FAILURE, Lanes
from .failing.pending import LATER
from .records import LogRecord


class LogsReceiver:
    """Reads the bodies of /v1/logs."""

    def __init__(self, maker: Maker, max_records: int) -> None:
        self._maker, self._max_records = maker, max_records

    def read(self, body: bytearray, media_type: str) -> Iterator[Item]:
        lanes = Lanes()
        for record in reading.log_records(body, media_type, self._max_records):
            yield record if isinstance(record, Rejected) else self._item(record, lanes)
        yield from lanes.items()

    def _item(self, record: LogRecord, lanes: Lanes) -> Item:
        if not told.is_failure(record):
            return NO_FAILURE
        item = self._error(record)
        return LATER if lanes.hold(record, item) else item

    def _error(self, record: LogRecord) -> Group | Rejected:
        try:
            return (self._maker.error(told.error(record), SOURCE),)
        except Invalid as fault:
            return fault.rejected("error")
