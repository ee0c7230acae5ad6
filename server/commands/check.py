"""`tokenweir check`: is the database whole, and do its figures add up."""

import contextlib
import json
import os
import signal
import sqlite3
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Iterator
from typing import get_args

from ..store import Unusable
from ..store.check import LARGE
from ..store.findings import Finding, Level, findings
from ..store.marks import get_marks
from ..store.reader import open_readonly
from .beside import disk, journal, library
from .settings import add_settings, load_settings
from .table import printable

HELP = "check the database and its figures, also while the service runs"

_EXAMPLES = """\
Nothing is changed, and nobody has to wait; but the write-ahead log of a running service
grows until the check is done. One line a check: ok, WARNING or FAILED. The exit status is
1 where one failed.

examples:
  tokenweir check
  tokenweir check --quick --json --db=/backups/tokenweir-2026-01-31.db
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EXAMPLES, RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="do not compare indexes with tables")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, no sum")
    add_settings(parser, only=("db",))


def run(arguments: Namespace) -> int:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # SQLite looks at all pages in one call
    path = load_settings(arguments).config.db
    levels: Counter[str] = Counter()
    for found in _all(path, quick=arguments.quick):
        levels[found.level] += 1
        if arguments.json:
            print(json.dumps(found._asdict()), flush=True)
        else:
            print(f"{found.level:8} {found.check}: {printable(found.said)}", flush=True)
    if not arguments.json:
        sums = ", ".join(f"{levels[level]} {level}" for level in get_args(Level))
        print(f"{path}: {sums}")
    return 1 if levels["FAILED"] else 0


def _all(path: str, *, quick: bool) -> Iterator[Finding]:
    marks = None
    try:
        with open_readonly(path) as db:
            if (size := os.stat(path).st_size) >= LARGE:
                print(f"checking {size // 2**20} MB, which takes a while", file=sys.stderr)
            db.execute("BEGIN")  # so that all figures belong together
            yield from findings(db, quick=quick)
            with contextlib.suppress(sqlite3.Error, UnicodeError):  # that has been said
                marks = get_marks(db)
    except Unusable as error:
        yield Finding("file", "FAILED", str(error))
    yield library()
    yield journal(path, marks)
    yield disk(path)
