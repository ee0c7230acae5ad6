"""All that is stored of what may belong together with a report."""

import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping

from ... import links
from ...events import Trace
from ..call_numbers import numbers
from . import keys, stored
from .reports import above, as_reported, is_span, keys_of_row, told
from .stored import Part, Row

MOST_OF_FAMILY = 64
"""Reports that are looked at, beside the texts that wait and the parts of a row: no call has as
many."""


class Family:
    """Reports that are tied to each other, and the rows that they have.

    Call inside a transaction. Raises `sqlite3.Error`.
    """

    def __init__(self, db: sqlite3.Connection, seed: Trace, fresh: Mapping[str, Trace]) -> None:
        """`seed`: a report that is stored. `fresh`: those of this transaction, by event id."""
        self._db, self._fresh = db, fresh
        self.reports: dict[str, Trace] = {}
        """By event id, each as it was sent."""
        self.rows: dict[int, Row] = {}
        self.parts: dict[str, int | None] = {}
        """Of the reports that are parts: the row that they belong to."""
        self.sums: set[str] = set()
        """Those that are known to add up others, which are not all read."""
        self._due: deque[Trace] = deque()
        self._asked: set[str | int] = set()
        """Event ids and numbers of keys whose rows were looked for: many reports tell the same."""
        self._add(seed)
        for row_id in self._homes(seed.event_id):  # before there is no room for it
            self._add_row(row_id)
        while self._due and len(self.reports) < MOST_OF_FAMILY:
            self._follow(self._due.popleft())

    def _add(self, report: Trace) -> None:
        if report.event_id not in self.reports:
            self.reports[report.event_id] = report
            self._due.append(report)

    def _follow(self, report: Trace) -> None:
        for key in filter(self._is_new, numbers(report)):
            for row_id in keys.rows_of(self._db, key):
                self._add_row(row_id)
        for row_id in self._linked(report):
            self._add_row(row_id)
        for part in stored.parts_of_call(self._db, report.event_id, MOST_OF_FAMILY):
            self._add_part(part)

    def _is_new(self, asked: str | int) -> bool:
        """Whether it was not looked for yet; from now on it was."""
        is_new = asked not in self._asked
        self._asked.add(asked)
        return is_new

    def _linked(self, report: Trace) -> Iterator[int]:
        yield from self._homes(report.event_id)
        others = (*above(report), *told(report, links.PART), *told(report, links.LITELLM))
        for event_id in filter(self._is_new, others):
            yield from self._homes(event_id)
        if is_span(report) and report.event_id not in self.sums:
            yield from stored.rows_within(
                self._db, report.trace_id, report.span_id or "", MOST_OF_FAMILY
            )
        for trace_id in told(report, links.TURN):
            yield from stored.rows_of_trace(self._db, trace_id, MOST_OF_FAMILY)

    def _homes(self, event_id: str) -> Iterator[int]:
        """The row of its own that a report has, and another's that it is a part of."""
        if (own := stored.row_of_event(self._db, event_id)) is not None:
            yield own
        for part in stored.part_of_event(self._db, event_id):
            self._add_part(part)

    def _add_row(self, row_id: int) -> None:
        """With its parts, where it is made of parts; else it is a report itself."""
        if row_id in self.rows or not self._has_room(row_id):
            return
        self._take_row(row_id)

    def _take_row(self, row_id: int) -> None:
        if row_id in self.rows or (row := stored.get_row(self._db, row_id)) is None:
            return
        self.rows[row_id] = row
        own = row.trace.event_id
        for part in (*stored.parts_of_row(self._db, row_id), *stored.part_of_event(self._db, own)):
            self._take_part(part)
        if own in self.parts:
            return
        if not row.counted:
            self.sums.add(own)
        self._add(self._fresh.get(own) or _as_sent(row.trace))

    def _has_room(self, row_id: int) -> bool:
        """Whether the row may be looked at: all of its reports are, or none."""
        if self.rows and len(self.reports) >= MOST_OF_FAMILY:
            return False
        return stored.reports_of_row(self._db, row_id, MOST_OF_FAMILY) < MOST_OF_FAMILY

    def _add_part(self, part: Part) -> None:
        if part.row is not None and part.row not in self.rows and not self._has_room(part.row):
            return
        self._take_part(part)

    def _take_part(self, part: Part) -> None:
        """With the row that it belongs to, and its own."""
        self.parts[part.report.event_id] = part.row
        self._add(part.report)
        own = stored.row_of_event(self._db, part.report.event_id)
        for row_id in (part.row, own):
            if row_id is not None:
                self._take_row(row_id)


def _as_sent(row: Trace) -> Trace:
    """A row that is a report, with the keys that it had."""
    return as_reported(row)._replace(keys=keys_of_row(row) or None)
