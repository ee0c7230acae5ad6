"""What becomes of dead letters: stored after all, or dropped. Blocking, a transaction a letter."""

import sqlite3

from . import Price, as_it_is
from .batch import add_events
from .connection import transaction
from .dead_letters import event_of, get_letter, remove_letter


def replay_letter(db: sqlite3.Connection, letter_id: int, price: Price = as_it_is) -> str | None:
    """Store the event of a letter and delete it: `persisted`, or `deduplicated`.

    `price` gives a call its cost. None where there is no such letter. Raises `Refused`, and
    `sqlite3.Error`: it stays.
    """
    with transaction(db):
        letter = get_letter(db, letter_id)
        if letter is None:
            return None
        written = add_events(db, [event_of(letter)], price)
        remove_letter(db, letter, "replayed")
    return "persisted" if written.persisted.total() else "deduplicated"


def drop_letter(db: sqlite3.Connection, letter_id: int) -> str | None:
    """Delete a letter: `dropped`. None where there is no such letter. Raises `sqlite3.Error`."""
    with transaction(db):
        letter = get_letter(db, letter_id)
        if letter is None:
            return None
        remove_letter(db, letter, "dropped")
    return "dropped"
