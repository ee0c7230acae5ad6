"""The service, or a reader of its file, as a user of its own.

`python -m tests.as_user UID GID serve ARGUMENTS` or `... read URI`, started by root. All is
imported before: that user may not be able to read the interpreter's files.
"""

import json
import os
import sqlite3
import sys
from contextlib import closing

import server.serving  # noqa: F401 the command imports it later
from server.cli import main


def become(uid, gid):
    """For good; with no other group, and what a container's umask is."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    os.umask(0o022)


def read(uri):
    """Print the number of rows, as the data source would ask for it, or SQLite's error."""
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            db.execute("PRAGMA query_only = 1")
            print(json.dumps(db.execute("SELECT count(*) FROM llm_traces").fetchone()[0]))
    except sqlite3.Error as error:
        print(json.dumps(error.sqlite_errorname))
    return 0


if __name__ == "__main__":
    uid, gid, what, *rest = sys.argv[1:]
    become(int(uid), int(gid))
    sys.exit(read(*rest) if what == "read" else main(["serve", *rest]))
