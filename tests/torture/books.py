"""What must hold whenever the service is idle."""

import sqlite3
from typing import NamedTuple

from ..ledger import sums_shown
from ..process import Running, wait_until
from . import Violation
from .life import Life
from .payloads import PROVIDER, checksum
from .place import TABLES, Counts, Place

_TEXTS = {"trace": "coalesce(output_text, '')", "error": "message"}
_LETTERS = "SELECT json_extract(event, '$.event_id') FROM dead_letters"
_IDLE_SECONDS = 60.0


class Sums(NamedTuple):
    """A process' counters, summed over kinds."""

    received: int
    accepted: int
    rejected: int
    dropped_ingest: int
    dropped_persist: int
    replayed: int
    persisted: int
    deduplicated: int
    merged: int
    dead_lettered: int
    queue: int


class Books:
    """All that was ever answered as accepted, beside what is stored."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.accepted: dict[str, set[str]] = {kind: set() for kind in (*TABLES, "letter")}
        self._looked_at = dict.fromkeys(TABLES, 0)
        self.uncovered = 0
        """Events that were answered uncovered by processes that were struck down."""
        self._may_lose = 0
        self.lost = 0
        """Of those, how many were lost."""

    def add(self, accepted: list[tuple[str, str]]) -> None:
        """Note what was answered."""
        for kind, event_id in accepted:
            self.accepted[kind].add(event_id)

    def excuse(self, uncovered: int) -> None:
        """Let so many events be lost: the process that answered them uncovered was struck down."""
        self.uncovered += uncovered
        self._may_lose += uncovered

    def check(self, life: Life) -> Sums:
        """Raises Violation for whatever does not hold of an idle service, and of its database."""
        service = life.service
        wait_until(lambda: sums(service).queue == 0, "the queue to empty", _IDLE_SECONDS)
        found = sums(service)
        check_sums(found)
        _check_added(found, life.before, self._place.counts())
        with self._place.reading() as db:
            self._check_database(db)
        self._may_lose = 0
        return found

    def _check_database(self, db: sqlite3.Connection) -> None:
        said = [row[0] for row in db.execute("PRAGMA integrity_check")]
        if said != ["ok"]:
            raise Violation(f"the database is damaged: {said[:5]}")
        self._check_ids("letter", [row[0] for row in db.execute(_LETTERS)])
        for kind, table in TABLES.items():
            self._check_ids(kind, [row[0] for row in db.execute(f"SELECT event_id FROM {table}")])
            self._check_shapes(db, kind)
            _check_total(db, kind)

    def _check_ids(self, kind: str, stored: list[str]) -> None:
        if len(set(stored)) < len(stored):
            raise Violation(f"{len(stored) - len(set(stored))} of kind {kind} are stored twice")
        lost = self.accepted[kind] - set(stored)
        if len(lost) > self._may_lose:
            some = sorted(lost)[:5]
            allowed = f"{self._may_lose} answered uncovered"
            raise Violation(f"{len(lost)} accepted of kind {kind} are lost, {allowed}: {some}")
        self.accepted[kind] -= lost
        self._may_lose -= len(lost)
        self.lost += len(lost)

    def _check_shapes(self, db: sqlite3.Connection, kind: str) -> None:
        columns = f"id, event_id, provider, session_id, {_TEXTS[kind]}"
        where = f"FROM {TABLES[kind]} WHERE id > ? ORDER BY id"
        for row in db.execute(f"SELECT {columns} {where}", (self._looked_at[kind],)):
            number, _, provider, session, text = row
            if provider != PROVIDER or (text and checksum(text) != session):
                raise Violation(f"a row of no known shape: {row}"[:500])
            self._looked_at[kind] = number


def check_sums(found: Sums) -> None:
    """Raises Violation where the ledger does not balance."""
    taken = found.accepted + found.rejected + found.dropped_ingest
    stored = found.persisted + found.deduplicated + found.merged
    settled = stored + found.dead_lettered + found.dropped_persist
    if found.received != taken or found.accepted + found.replayed != settled + found.queue:
        raise Violation(f"the books do not balance: {found}")
    if found.rejected or found.dropped_persist:
        raise Violation(f"not all of what was valid was stored: {found}")


def _check_added(found: Sums, before: Counts, after: Counts) -> None:
    added = Counts(after.rows - before.rows, after.letters - before.letters)
    if added != (found.persisted, found.dead_lettered):
        raise Violation(f"added {added}, and counted {found}")


def sums(service: Running) -> Sums:
    """From one scrape."""
    found = sums_shown(service)
    return Sums(*(found[name] for name in Sums._fields))


def _check_total(db: sqlite3.Connection, kind: str) -> None:
    """The lifetime totals move in the transactions of the rows."""
    total = "ifnull((SELECT value FROM totals WHERE name = '{}.{}'), 0)"
    left = f"{total.format('persisted', kind)} - {total.format('deleted', kind)}"
    counts = db.execute(f"SELECT {left}, count(*) FROM {TABLES[kind]}").fetchone()
    if counts[0] != counts[1]:
        raise Violation(f"a total of {counts[0]} for {counts[1]} rows of kind {kind}")
