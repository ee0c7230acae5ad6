"""The reports of a batch become rows: nearly all as they are, those of one call together.

All are inserted first. Then those that belong to others are found, which are few, and settled.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ...events import Trace
from .. import Price
from ..insert import insert
from ..unpriced import DUE, is_unpriced
from .fold import Sizes
from .pieces import add_pieces
from .reports import fills
from .saving import take_back
from .settle import Fresh, Settling
from .ties import merged_rows, tied

_FRESH = "SELECT id, event_id FROM llm_traces WHERE id >= ?"
_UNPRICED = f"SELECT provider, model FROM llm_traces WHERE id >= ? AND {DUE}"  # noqa: S608 our own words


class Added(NamedTuple):
    """What became of reports: the others were merged."""

    rows: int
    known: int
    """Those that were stored before."""
    unpriced: Counter[tuple[str, str]]
    """New rows with tokens and without a cost, by provider and model."""


def add_reports(
    db: sqlite3.Connection, reports: Sequence[Trace], sizes: Sizes, price: Price
) -> Added:
    """Store `reports`. Call inside a transaction.

    Raises `sqlite3.Error`, and what binding a bad value raises.
    """
    pieces = [report for report in reports if report.keys and fills(report)]
    own = [report for report in reports if not fills(report)] if pieces else reports
    return _Adding(db, sizes, price).add(own, pieces)


class _Adding:
    """The reports of one transaction."""

    def __init__(self, db: sqlite3.Connection, sizes: Sizes, price: Price) -> None:
        self._db, self._sizes, self._price = db, sizes, price
        last: int | None = db.execute("SELECT max(id) FROM llm_traces").fetchone()[0]
        self._first = (last or 0) + 1

    def add(self, own: Sequence[Trace], pieces: Sequence[Trace]) -> Added:
        rows = [self._price(report) for report in own]
        added = insert(self._db, rows) if rows else 0
        if not pieces and not any(report.span_id or report.keys for report in own):
            return Added(added, len(own) - added, self._unpriced(rows, added))
        fresh = self._fresh(own, added)
        new, waiting = add_pieces(self._db, pieces)
        known = len(own) - len(fresh) + len(pieces) - new
        seeds = [*tied(self._db, fresh, self._first), *waiting]
        if not seeds:
            return Added(len(fresh), known, self._unpriced(rows, len(fresh)))
        self._settle(fresh, seeds)
        return Added(self._count(), known, self._unpriced(rows))

    def _fresh(self, own: Sequence[Trace], added: int) -> dict[int, Trace]:
        """The new reports by row. Those that were merged before are no rows again."""
        if added == len(own):
            fresh = dict(enumerate(own, self._first))
        else:
            by_id = {report.event_id: report for report in reversed(own)}
            found = self._db.execute(_FRESH, (self._first,))
            fresh = {row: by_id[event_id] for row, event_id in found}
        for row in merged_rows(self._db, self._first):
            take_back(self._db, row)
            del fresh[row]
        return fresh

    def _settle(self, fresh: Mapping[int, Trace], seeds: Iterable[Trace]) -> None:
        reports = Fresh({report.event_id: report for report in fresh.values()}, self._first)
        done: set[str] = set()
        for seed in seeds:
            if seed.event_id not in done:
                settling = Settling(self._db, seed, reports, self._sizes, self._price)
                settling.run()
                done |= settling.settled

    def _count(self) -> int:
        sql = "SELECT count(*) FROM llm_traces WHERE id >= ?"
        return int(self._db.execute(sql, (self._first,)).fetchone()[0])

    def _unpriced(self, rows: Sequence[Trace], added: int = -1) -> Counter[tuple[str, str]]:
        """Of the rows that were `added` as they are, or of those that there are by now."""
        if added == len(rows):
            return Counter((row.provider, row.model) for row in rows if is_unpriced(row))
        return Counter(self._db.execute(_UNPRICED, (self._first,)).fetchall())
