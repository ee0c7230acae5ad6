"""Asks a database file, as the plugin frser-sqlite-datasource does."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from ..reading.dashboards import Target
from .columns import Column

Rows = list[tuple[Any, ...]]


class Database:
    """A file, only read. Raises sqlite3.Error where it cannot be, or a query is wrong."""

    def __init__(self, path: Path) -> None:
        self._uri = path.absolute().as_uri() + "?mode=ro"

    def ask(self, target: Target, query: str) -> list[Column]:
        """The columns of rows, or series where the target is a `time series`.

        No columns where there is no row: then a panel has nothing to show.
        """
        names, rows = self.rows(query)
        times = target.json["timeColumns"]
        if target.json["queryType"] == "time series":
            return _series(names, rows, names.index(times[0]))
        columns = zip(names, zip(*rows, strict=True), strict=False)
        return [Column(name, _in_ms(one) if name in times else [*one]) for name, one in columns]

    def rows(self, query: str) -> tuple[list[str], Rows]:
        """The names of the columns, and the rows."""
        with closing(sqlite3.connect(self._uri, uri=True)) as db:
            cursor = db.execute(query)
            return [one[0] for one in cursor.description], cursor.fetchall()


def _series(names: list[str], rows: Rows, time: int) -> list[Column]:
    """A series for each column of numbers, and each value of the columns of words."""
    words = [at for at in range(len(names)) if any(isinstance(row[at], str) for row in rows)]
    numbers = [at for at in range(len(names)) if at not in words and at != time]
    found: dict[tuple[object, ...], Column] = {}
    for row in rows:
        labels = {names[at]: str(row[at]) for at in words}
        for at in numbers:
            key = (at, *labels.values())
            one = found.setdefault(key, Column(names[at], [], [], labels))
            one.times.append(row[time] * 1000)
            one.values.append(row[at])
    return list(found.values())


def _in_ms(seconds: tuple[float | None, ...]) -> list[float | None]:
    return [None if one is None else one * 1000 for one in seconds]
