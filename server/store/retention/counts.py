"""What `totals` says that was deleted, as it grows."""

import sqlite3
from collections import Counter
from collections.abc import Mapping

_DELETED, _REPLAYED = "deleted.", "dead_letters_replayed."
_SELECT = "SELECT name, value FROM totals WHERE name GLOB ? OR name GLOB ?"


class Counts:
    """Exact, whatever became of a COMMIT that failed: what is committed is counted, once."""

    def __init__(self) -> None:
        self._known: Mapping[str, int] = {}

    def read(self, db: sqlite3.Connection) -> tuple[Counter[str], int]:
        """Rows deleted since the last time, by kind, and dead letters replayed ever.

        Of a file that was not read before, that is no news. Raises `sqlite3.Error`.
        """
        found = dict(db.execute(_SELECT, (f"{_DELETED}*", f"{_REPLAYED}*")))
        known, self._known = self._known, found
        new = {name: value - known.get(name, 0) for name, value in found.items()}
        deleted = {
            name.removeprefix(_DELETED): count
            for name, count in new.items()
            if name.startswith(_DELETED)
        }
        return Counter(deleted), sum(
            count for name, count in found.items() if name.startswith(_REPLAYED)
        )
