"""A slice of work, and what there is to see before it and after it."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ...times import now_ms
from .expiry import FOREVER, oldest_letter, oldest_rows
from .pace import Pace
from .parting import oldest_key, oldest_part
from .space import Space, look


class Slice(NamedTuple):
    """What to do, to no more than the pace says."""

    pace: Pace
    work: Callable[[sqlite3.Connection, int], int]
    bytes: int = 0
    """To be freed; 0 where it is not bytes that count."""


class Sight(NamedTuple):
    """A database as the last commit left it."""

    db: sqlite3.Connection
    ms: int
    """The time, in Unix ms."""
    space: Space
    oldest: Mapping[str, int]
    """When the oldest row of each kind arrived, in Unix ms."""
    letter: int
    """When the oldest dead letter was set aside; FOREVER where there is none."""
    part: int
    """When the oldest part arrived; FOREVER where there is none."""
    key: int
    """The first number of a key; FOREVER where there is none."""

    @property
    def row(self) -> int:
        """When the oldest row of all kinds arrived; FOREVER where there is none."""
        return min(self.oldest.values(), default=FOREVER)


def see(db: sqlite3.Connection) -> Sight:
    """Raises `sqlite3.Error`."""
    letter, part, key = oldest_letter(db), oldest_part(db), oldest_key(db)
    return Sight(db, now_ms(), look(db), oldest_rows(db), letter, part, key)
