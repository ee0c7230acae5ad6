"""Reports that belong together get the rows that they should have."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from ...events import Trace
from .. import Price
from .changes import Changes
from .family import Family
from .fold import Sizes, fold
from .keys import add_keys
from .layout import Call, lay_out
from .reports import ids
from .saving import (
    count_in,
    forget_merged,
    insert_row,
    save_merged,
    save_part,
    take_back,
    update_row,
)
from .stored import Row, row_of_event


class Fresh(NamedTuple):
    """What this transaction added: reports by event id, and their rows, from `first` on."""

    reports: Mapping[str, Trace]
    first: int


class Settling:
    """One family as it should stand. Call inside a transaction; raises `sqlite3.Error`.

    A row that was there before is never deleted.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        seed: Trace,
        fresh: Fresh,
        sizes: Sizes,
        price: Price,
        changes: Changes,
    ) -> None:
        """`seed`: one of the family, which is stored."""
        self._db, self._fresh, self._sizes, self._price = db, fresh, sizes, price
        self._changes = changes
        self._family = Family(db, seed, fresh.reports)
        self._calls, self._sums = lay_out(self._family.reports.values(), self._family.sums)
        self.settled = set(self._family.reports)
        """Event ids of all reports of the family."""

    def run(self) -> None:
        """Write the rows and parts that are not as they should be."""
        homes = self._homes()
        taken = set(homes.values())
        for row in self._family.rows.values():
            if row.id not in taken:
                self._leave(row)
        for at in sorted(range(len(self._calls)), key=lambda at: self._has_own(at, homes)):
            self._save(self._calls[at], homes.get(at))
        for report in self._sums:
            if report.event_id in self._family.parts and taken:
                save_part(self._db, report, min(taken))
                if row_of_event(self._db, report.event_id) is None:
                    save_merged(self._db, [report], min(taken))

    def _homes(self) -> dict[int, int]:
        """The row of each call that has one, by the call's place; no two have the same."""
        rows = {row.trace.event_id: row.id for row in self._family.rows.values()}
        homes: dict[int, int] = {}
        for at, call in enumerate(self._calls):
            own = [rows[one.event_id] for one in call.reports if one.event_id in rows]
            older = [row for row in own if row < self._fresh.first]
            if own:
                homes[at] = (older or own)[0]
        free = [row for event_id, row in rows.items() if self._is_free(event_id, row, homes)]
        for at in range(len(self._calls)):
            if at not in homes and free:
                homes[at] = free.pop(0)
        return homes

    def _is_free(self, event_id: str, row: int, homes: Mapping[int, int]) -> bool:
        """Whether nothing needs a row: another call may take it."""
        if row in homes.values():
            return False
        if any(event_id in ids(call.fillers) for call in self._calls):
            return False
        if any(event_id in ids(call.reports) for call in self._calls):
            return row >= self._fresh.first
        return event_id in self._family.parts

    def _has_own(self, at: int, homes: Mapping[int, int]) -> bool:
        """Whether its row has one of its ids already: one that has not may free another's."""
        row = self._family.rows.get(homes.get(at, 0))
        return row is not None and row.trace.event_id in ids(self._calls[at].all)

    def _leave(self, row: Row) -> None:
        """A row that no call has: a report that adds up others stays to be seen."""
        adding = [*self._sums, *(one for call in self._calls for one in call.fillers)]
        if row.id >= self._fresh.first and row.trace.event_id not in ids(adding):
            take_back(self._db, row.id)
            self._changes.set(row.id, None)
        elif row.counted:
            count_in(self._db, row.id, counts=False)
            self._changes.set(row.id, None, row)

    def _save(self, call: Call, home: int | None) -> None:
        row = self._price(fold(call, self._sizes))
        if home is None:
            home = insert_row(self._db, row)
        was = self._family.rows.get(home)
        if was and not was.counted:
            count_in(self._db, home, counts=True)
        if was and not _is_same(was.trace, row):
            update_row(self._db, home, row)
        self._changes.set(home, row, was)
        if len(call.reports) > 1:
            add_keys(self._db, call.reports, home)
            save_merged(self._db, call.reports[1:], home)
        if call.best.event_id in self._family.parts:
            forget_merged(self._db, call.best)
        self._save_parts(call, home)

    def _save_parts(self, call: Call, home: int) -> None:
        for report in call.all:
            if self._family.parts.get(report.event_id, home if len(call.all) == 1 else 0) != home:
                save_part(self._db, report, home)


def _is_same(row: Trace, wanted: Trace) -> bool:
    return row._replace(created_at=0, keys=None) == wanted._replace(created_at=0, keys=None)
