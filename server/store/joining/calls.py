"""The reports of a batch become rows: nearly all as they are, those of one call together.

All are inserted first. Then those that belong to others are found, which are few, and settled.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...events import Trace
from .. import Price
from ..insert import insert_new, next_id
from ..traffic import Traffic
from .changes import Changes
from .fold import Sizes
from .pieces import add_pieces
from .reports import fills
from .saving import take_back
from .settle import Fresh, Settling
from .ties import merged_rows, tied


class Added(NamedTuple):
    """What became of reports: the others were merged."""

    rows: int
    known: int
    """Those that were stored before."""


def add_reports(
    db: sqlite3.Connection, reports: Sequence[Trace], sizes: Sizes, price: Price, traffic: Traffic
) -> Added:
    """Store `reports`, and tell `traffic` of the rows. Call inside a transaction.

    Raises `sqlite3.Error`, and what binding a bad value raises.
    """
    pieces = [report for report in reports if report.keys and fills(report)]
    own = [report for report in reports if not fills(report)] if pieces else reports
    return _Adding(db, sizes, price, traffic).add(own, pieces)


class _Adding:
    """The reports of one transaction."""

    def __init__(
        self, db: sqlite3.Connection, sizes: Sizes, price: Price, traffic: Traffic
    ) -> None:
        self._db, self._sizes, self._price, self._traffic = db, sizes, price, traffic
        self._first = next_id(db, "trace")

    def add(self, own: Sequence[Trace], pieces: Sequence[Trace]) -> Added:
        rows = insert_new(self._db, self._priced(own), self._first)
        changes = Changes(self._first, rows)
        added, known = len(rows), len(own) - len(rows)
        if pieces or any(report.span_id or report.keys for report in own):
            fresh = self._fresh(own, rows, changes)
            new, waiting = add_pieces(self._db, pieces)
            added, known = len(fresh), len(own) - len(fresh) + len(pieces) - new
            if seeds := [*tied(self._db, fresh, self._first), *waiting]:
                self._settle(fresh, seeds, changes)
                added = self._count()
        changes.tell(self._traffic)
        return Added(added, known)

    def _priced(self, own: Sequence[Trace]) -> list[Trace]:
        return [one if one.cost_usd is not None else self._price(one) for one in own]

    def _fresh(
        self, own: Sequence[Trace], rows: Mapping[int, Trace], changes: Changes
    ) -> dict[int, Trace]:
        """The new reports by row. Those that were merged before are no rows again."""
        if len(rows) == len(own):
            fresh = dict(zip(rows, own, strict=True))
        else:
            by_id = {report.event_id: report for report in reversed(own)}
            fresh = {row: by_id[trace.event_id] for row, trace in rows.items()}
        for row in merged_rows(self._db, self._first):
            take_back(self._db, row)
            changes.set(row, None)
            del fresh[row]
        return fresh

    def _settle(self, fresh: Mapping[int, Trace], seeds: Iterable[Trace], changes: Changes) -> None:
        reports = Fresh({report.event_id: report for report in fresh.values()}, self._first)
        done: set[str] = set()
        for seed in seeds:
            if seed.event_id not in done:
                settling = Settling(self._db, seed, reports, self._sizes, self._price, changes)
                settling.run()
                done |= settling.settled

    def _count(self) -> int:
        sql = "SELECT count(*) FROM llm_traces WHERE id >= ?"
        return int(self._db.execute(sql, (self._first,)).fetchone()[0])
