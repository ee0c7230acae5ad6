"""OpenClaw's `lane task error` records: each queue lane repeats the failure of a model call."""

from collections.abc import Iterator

from ....events import Item, Skipped
from ..records import LogRecord
from . import told

NO_FAILURE = Skipped("not_a_failure")

_LANE = "lane task error:"
_COMPARED = 1024
"""Characters of a failure's message that are looked for in a lane's."""
_MOST = 100
"""Failures of calls that are looked for."""


class Lanes:
    """The records of one request that may repeat a failure: they wait for its end."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Item]] = []
        self._calls: set[str] = set()

    def hold(self, record: LogRecord, item: Item) -> bool:
        """Whether `item`, which is made of the record, waits; notes what a lane may repeat."""
        said = told.message(record)
        if told.is_call(record):
            if len(self._calls) < _MOST:
                self._calls.add(said[:_COMPARED])
        elif said.startswith(_LANE):
            self._waiting.append((_error(said), item))
            return True
        return False

    def items(self) -> Iterator[Item]:
        """What waited, now that all records have been read."""
        lanes: set[str] = set()
        for error, item in self._waiting:
            is_repeat = error in lanes or any(call in error for call in self._calls)
            lanes.add(error)
            yield NO_FAILURE if is_repeat else item


def _error(said: str) -> str:
    """What failed, without the name of the lane and how long it took."""
    return (said.partition(" error=")[2] or said)[: 2 * _COMPARED]
