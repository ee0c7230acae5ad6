"""Another process that holds the database's lock."""

import subprocess
import sys
from contextlib import contextmanager

HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(database, sql):
    """Another process has run `sql` and holds what that locks."""
    with subprocess.Popen(
        (sys.executable, "-c", HOLD, database, sql), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        yield
        process.communicate(timeout=30)
