"""What `totals` says that was deleted, as it grows."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from .parting import EXPIRED

_DELETED, _REPLAYED = "deleted.", "dead_letters_replayed."
_SELECT = "SELECT name, value FROM totals WHERE name GLOB ? OR name GLOB ? OR name = ?"


class News(NamedTuple):
    """What became of what is stored."""

    deleted: Counter[str]
    """Rows since the last time, by kind."""
    expired: int
    """Parts since the last time, whose call never came."""
    replayed: int
    """Dead letters ever."""


class Counts:
    """Exact, whatever became of a COMMIT that failed: what is committed is counted, once."""

    def __init__(self) -> None:
        self._known: Mapping[str, int] = {}

    def read(self, db: sqlite3.Connection) -> News:
        """Of a file that was not read before, that is no news. Raises `sqlite3.Error`."""
        found = dict(db.execute(_SELECT, (f"{_DELETED}*", f"{_REPLAYED}*", EXPIRED)))
        known, self._known = self._known, found
        new = {name: value - known.get(name, 0) for name, value in found.items()}
        deleted = {
            name.removeprefix(_DELETED): count
            for name, count in new.items()
            if name.startswith(_DELETED)
        }
        replayed = sum(count for name, count in found.items() if name.startswith(_REPLAYED))
        return News(Counter(deleted), new.get(EXPIRED, 0), replayed)
