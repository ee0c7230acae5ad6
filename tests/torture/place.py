"""Where it all happens: the database in a directory of its own, and what the processes said."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from .payloads import POISON

TABLES = {"trace": "llm_traces", "error": "error_events"}
"""The table by the kind of event."""
_POISON = f"""
    CREATE TRIGGER IF NOT EXISTS poison BEFORE INSERT ON llm_traces WHEN NEW.model = '{POISON}'
    BEGIN SELECT RAISE(ABORT, 'poison'); END
"""


class Counts(NamedTuple):
    """Rows of events, and dead letters."""

    rows: int
    letters: int


class Place:
    """Paths, and reading the database without leaving a trace in it."""

    def __init__(self, directory: Path) -> None:
        self.home, self.logs = directory / "database", directory / "logs"
        self.home.mkdir()
        self.logs.mkdir()
        self.database = self.home / "t.db"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that cannot write: closing it leaves the write-ahead log as it was."""
        uri = f"{self.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=30)) as db:
            yield db

    def poison(self) -> None:
        """Have the database refuse some events. Call while a service has it open."""
        with closing(sqlite3.connect(self.database, timeout=30)) as db:
            db.execute(_POISON)

    def counts(self) -> Counts:
        """What is stored; nothing where there is no database yet."""
        if not self.database.exists():
            return Counts(0, 0)
        with self.reading() as db:
            tables = (*TABLES.values(), "dead_letters")
            *rows, letters = [_count(db, table) for table in tables]
        return Counts(sum(rows), letters)

    def wal(self) -> tuple[int, int]:
        """Size and time of change of the write-ahead log: another with each commit."""
        try:
            stat = self.database.with_name(self.database.name + "-wal").stat()
        except FileNotFoundError:
            return 0, 0
        return stat.st_size, stat.st_mtime_ns

    def files(self) -> list[str]:
        """Names of all that lies where the database is."""
        return sorted(path.name for path in self.home.iterdir())


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
