"""What `tokenweir check` looks at in a database. Nothing is changed."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Literal, NamedTuple

from ..events import KINDS
from . import Unusable
from .check import check_ours, pragma
from .connection import PAGE_BYTES
from .faults import page_fault, schema_fault
from .migrate import migrate
from .retention.space import can_give_back
from .schema import TABLES, VERSION

Level = Literal["ok", "WARNING", "FAILED"]
Check = Callable[[], tuple[Level, str]]
_MARKS = "name <> 'last_batch' AND name NOT GLOB 'journal.*'"
_LETTERS_GONE = ("replayed", "dropped", "expired")


class Finding(NamedTuple):
    """What a check found, in one line. `check` is a word of a closed set."""

    check: str
    level: Level
    said: str


def findings(db: sqlite3.Connection, *, quick: bool) -> Iterator[Finding]:
    """All that can be said of a database; `quick` leaves its indexes unchecked.

    `db` is in a transaction, so that all belongs together. A check that cannot be done has failed.
    """
    try:
        version = check_ours(db)
    except (sqlite3.Error, Unusable) as error:
        yield Finding("file", "FAILED", str(error) if isinstance(error, Unusable) else _said(error))
        return
    for name, check in _checks(db, version, quick):
        try:
            yield Finding(name, *check())
        except sqlite3.Error as error:
            yield Finding(name, "FAILED", _said(error))


def _checks(db: sqlite3.Connection, version: int, quick: bool) -> Iterator[tuple[str, Check]]:
    yield "file", partial(_schema, db, version)
    yield "pages", partial(_pages, db, quick)
    if version == 0:
        return
    yield "layout", partial(_layout, db)
    yield "indexes", partial(_indexes, db, version)
    yield "totals", partial(_totals, db)
    for kind in KINDS:
        yield TABLES[kind], partial(_rows, db, kind)
    if version > 1:  # the first had none
        yield "dead_letters", partial(_letters, db)
    if version > 3:
        for table in ("merged_events", "parts"):
            yield table, partial(_ties, db, table)


def _schema(db: sqlite3.Connection, version: int) -> tuple[Level, str]:
    if version == 0:
        return "FAILED", "holds no tables"
    if version < VERSION:
        return "WARNING", f"has schema version {version}; the next start brings it to {VERSION}"
    if fault := schema_fault(db):
        return "FAILED", f"has schema version {version}, and yet: {fault}"
    return "ok", f"a database of tokenweir, schema version {version}"


def _pages(db: sqlite3.Connection, quick: bool) -> tuple[Level, str]:
    if fault := page_fault(db, thorough=not quick):
        return "FAILED", f"damaged: {fault}"
    said = f"{pragma(db, 'page_count')} pages of {pragma(db, 'page_size')} bytes are whole"
    indexes = "the indexes were not compared (--quick)" if quick else "the indexes fit the tables"
    return "ok", f"{said}; {indexes}"


def _rows(db: sqlite3.Connection, kind: str) -> tuple[Level, str]:
    rows = db.execute(f"SELECT count(*) FROM {TABLES[kind]}").fetchone()[0]  # noqa: S608 our own name
    gone = {"deleted": _get(db, f"deleted.{kind}")}
    return _compare("persisted", _get(db, f"persisted.{kind}"), gone, rows)


def _letters(db: sqlite3.Connection) -> tuple[Level, str]:
    """All kinds in one line; the first that does not add up is told."""
    kept = dict(db.execute("SELECT kind, count(*) FROM dead_letters GROUP BY kind"))
    for kind in sorted({*KINDS, *kept}):
        gone = {why: _get(db, f"dead_letters_{why}.{kind}") for why in _LETTERS_GONE}
        came = _get(db, f"dead_lettered.{kind}")
        level, said = _compare("dead-lettered", came, gone, kept.get(kind, 0))
        if level != "ok":
            return level, f"{kind}: {said}"
    return "ok", f"{sum(kept.values())} rows, as the totals say"


def _ties(db: sqlite3.Connection, table: str) -> tuple[Level, str]:
    """Where rows of `llm_traces` were deleted by hand, what was theirs can stay behind."""
    sql = f"SELECT count(*), count(trace) FROM {table}"  # noqa: S608 our own name
    all_of_it, tied = db.execute(sql).fetchone()
    is_there = "SELECT 1 FROM llm_traces WHERE id = trace"
    gone = f"SELECT count(*) FROM {table} WHERE trace IS NOT NULL AND NOT EXISTS ({is_there})"  # noqa: S608 our own names
    if lost := db.execute(gone).fetchone()[0]:
        return "WARNING", f"{lost} of {all_of_it} rows belong to traces that are gone"
    waiting = f", {all_of_it - tied} wait for a call" if all_of_it > tied else ""
    return "ok", f"{all_of_it} rows, each of a trace{waiting}"


def _compare(came: str, total: int, gone: dict[str, int], rows: int) -> tuple[Level, str]:
    less = "".join(f" - {number} {why}" for why, number in gone.items() if number)
    wanted = total - sum(gone.values())
    if rows != wanted:
        return "FAILED", f"{rows} rows, but the totals say {wanted}: {total} {came}{less}"
    return "ok", f"{rows} rows = {total} {came}{less}"


def _totals(db: sqlite3.Connection) -> tuple[Level, str]:
    bad = db.execute(f"SELECT name, value FROM totals WHERE value < 0 AND {_MARKS}").fetchone()  # noqa: S608 our own
    return ("FAILED", f"{bad[0]} is {bad[1]}") if bad else ("ok", "none is negative")


def _layout(db: sqlite3.Connection) -> tuple[Level, str]:
    if not can_give_back(db):
        return "WARNING", "auto_vacuum is not INCREMENTAL: no space of deleted rows is given back"
    if (size := pragma(db, "page_size")) != PAGE_BYTES:
        return "WARNING", f"page_size is {size}, not {PAGE_BYTES}: writing takes longer"
    return "ok", "gives back the space of deleted rows"


def _indexes(db: sqlite3.Connection, version: int) -> tuple[Level, str]:
    """Those that a new file of that version has, by name."""
    with closing(sqlite3.connect(":memory:")) as new:
        migrate(new, version)
        ours = _index_names(new)
    if missing := sorted(ours - _index_names(db)):
        said = f"index {', '.join(missing)} is missing: queries and retention read whole tables"
        return "WARNING", said
    return "ok", "all are there"


def _index_names(db: sqlite3.Connection) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


def _get(db: sqlite3.Connection, name: str) -> int:
    row = db.execute("SELECT value FROM totals WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def _said(error: sqlite3.Error) -> str:
    return f"cannot be read ({error})"
