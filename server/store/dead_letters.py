"""Events that the store refuses, kept as JSON with the reason, until somebody decides."""

import sqlite3
from typing import NamedTuple

from ..events import Event
from ..times import now_ms
from . import Aside, Refused
from .faults import refusing
from .read_back import from_json, to_json
from .totals import add_totals

_SELECT = "SELECT id, created_at, kind, reason, event FROM dead_letters"
_IS_THERE = """
    SELECT 1 FROM dead_letters WHERE kind = ? AND json_valid(event)
    AND json_extract(event, '$.event_id') = json_extract(?, '$.event_id')
"""
_PUT = """
    INSERT INTO dead_letters (created_at, kind, reason, event)
    SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM dead_letters) < ?
"""


class Letter(NamedTuple):
    """A row of `dead_letters`. `created_at` is when it was set aside, in Unix ms."""

    id: int
    created_at: int
    kind: str
    reason: str
    event: str


def put_letter(db: sqlite3.Connection, event: Event, reason: str, limit: int) -> Aside:
    """Add a letter, unless there is one of that event, or `limit` in all; the total moves.

    Call inside a transaction. Raises `Refused` where even the letter cannot be stored, and
    `sqlite3.Error`.
    """
    with refusing(db):
        fate = _put(db, event.kind, reason, to_json(event), limit)
    if fate != "full":
        add_totals(db, {f"{fate}.{event.kind}": 1})
    return fate


def _put(db: sqlite3.Connection, kind: str, reason: str, event: str, limit: int) -> Aside:
    if db.execute(_IS_THERE, (kind, event)).fetchone():
        return "deduplicated"
    kept = db.execute(_PUT, (now_ms(), kind, reason, event, limit)).rowcount == 1
    return "dead_lettered" if kept else "full"


def find_letters(db: sqlite3.Connection, limit: int) -> list[Letter]:
    """At most `limit` letters, newest first."""
    return [Letter(*row) for row in db.execute(f"{_SELECT} ORDER BY id DESC LIMIT ?", (limit,))]


def get_letter(db: sqlite3.Connection, letter_id: int) -> Letter | None:
    """The letter of that id, if there is one."""
    row = db.execute(f"{_SELECT} WHERE id = ?", (letter_id,)).fetchone()
    return Letter(*row) if row else None


def letter_ids(db: sqlite3.Connection) -> list[int]:
    """The ids of all letters, oldest first."""
    return [row[0] for row in db.execute("SELECT id FROM dead_letters ORDER BY id")]


def remove_letter(db: sqlite3.Connection, letter: Letter, why: str) -> None:
    """Delete `letter` and move the total `dead_letters_<why>`. Call inside a transaction."""
    db.execute("DELETE FROM dead_letters WHERE id = ?", (letter.id,))
    add_totals(db, {f"dead_letters_{why}.{letter.kind}": 1})


def event_of(letter: Letter) -> Event:
    """The Event in `letter`, as it was. Raises `Refused` where it holds none of this version."""
    try:
        return from_json(letter.kind, letter.event)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused(type(error).__name__, "the letter holds no event of this version") from None
