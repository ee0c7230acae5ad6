"""Where it all happens: the database in a directory of its own, and what the processes said."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

TABLES = {"trace": "llm_traces", "error": "error_events"}
"""The table by the kind of event."""


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

    def rows(self) -> int:
        """Rows in the tables of events."""
        if not self.database.exists():
            return 0
        with self.reading() as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'error_events'").fetchone():
                return 0  # struck down before it was made
            counts = [db.execute(f"SELECT count(*) FROM {table}") for table in TABLES.values()]
            return sum(count.fetchone()[0] for count in counts)

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
