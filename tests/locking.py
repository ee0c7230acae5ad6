"""A lock on the database, held by another process: nobody else can write."""

import subprocess
import sys

_HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
db.execute(sys.argv[2])
print("locked", flush=True)
sys.stdin.read()
"""


class Lock:
    """A context: another process has run `sql`, until `release` or the context's end.

    Its process is killed, so that it never is the one that brings the write-ahead log into the
    database by closing it.
    """

    def __init__(self, database: object, sql: str = "BEGIN IMMEDIATE") -> None:
        self._command = (sys.executable, "-c", _HOLD, str(database), sql)

    def __enter__(self) -> "Lock":
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"locked\n":
            self.release()
            raise RuntimeError("the database cannot be locked")
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """May be called again."""
        self._process.kill()
        self._process.communicate()
