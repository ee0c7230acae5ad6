"""`tokenweir backup FILE`: a whole copy of the database, also of a running service's."""

import os
import signal
import sqlite3
import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from ..disk import journal_directory
from ..failure import Failure
from ..store import Unusable
from ..store.backup import backup
from ..store.copying import ENDS, Progress
from .settings import add_settings, load_settings

HELP = "copy the database into one file, also while the service runs"

_EXAMPLES = """\
FILE holds all that was committed when the copy began, and is checked before it gets its
name. Nobody has to wait for it; but the write-ahead log grows until the copy is done, by
what is written meanwhile. What is accepted and not yet in the database is not in it.

examples:
  tokenweir backup /backups/tokenweir-$(date +%F).db
  tokenweir backup --force --db=/var/lib/tokenweir/tokenweir.db latest.db

to put a backup in place:
  1. stop the service
  2. remove tokenweir.db-wal and tokenweir.db-shm, if they are there
  3. copy the backup over tokenweir.db; may the service read and write it?
  4. start the service: what the journal holds and the backup lacks is stored then
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EXAMPLES, RawDescriptionHelpFormatter
    parser.add_argument("file", metavar="FILE", help="what to write (mode 0600)")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")
    add_settings(parser, only=("db",))


def run(arguments: Namespace) -> int:
    path = load_settings(arguments).config.db
    target = _target(arguments.file, path, force=arguments.force)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # nothing half done is left
    start = time.monotonic()
    try:
        rows = backup(path, target, _teller())
    except Unusable as error:
        raise Failure(f"the database {path} {error}") from None
    except (sqlite3.Error, OSError) as error:
        said = getattr(error, "strerror", None) or error
        raise Failure(f"{arguments.file} cannot be written ({said})") from None
    counts = ", ".join(f"{count} in {table}" for table, count in rows.items() if table != "totals")
    size, took = os.stat(target).st_size / 1e6, time.monotonic() - start
    print(f"{arguments.file}: {counts}; {size:.1f} MB in {took:.1f} s")
    return 0


def _target(file: str, path: str, *, force: bool) -> str:
    """Where to write, links followed. Raises `Failure` where that would do harm."""
    target = os.path.realpath(file)
    ours = os.path.realpath(path)
    journal = journal_directory(path)
    if target in {ours + end for end in (*ENDS, ".lock")} or journal in Path(target, "x").parents:
        raise Failure(f"{file} is the database itself, or belongs to it", status=2)
    if os.path.exists(target):
        _check_there(file, target, ours, force=force)
    elif not os.path.isdir(os.path.dirname(target)):
        raise Failure(f"{file} cannot be written: there is no directory {os.path.dirname(target)}")
    for end in ENDS[1:]:
        if os.path.lexists(target + end):  # it would be taken for the backup's own
            raise Failure(f"{file}{end} is there, of another database: remove it, or name another")
    return target


def _check_there(file: str, target: str, ours: str, *, force: bool) -> None:
    if os.path.isdir(target):
        raise Failure(f"{file} is a directory: name a file")
    if not os.path.isfile(target):
        raise Failure(f"{file} is no regular file")
    if os.path.exists(ours) and os.path.samefile(target, ours):
        raise Failure(f"{file} is the database itself, or belongs to it", status=2)
    if not force:
        raise Failure(f"{file} is there already; --force replaces it")


def _teller() -> Progress:
    """Tells a terminal how far it is."""
    if not sys.stderr.isatty():
        return lambda done, total: None

    def tell(done: int, total: int) -> None:
        share = 100 * done // max(total, 1)
        end = "\r" if done < total else "; checking it\n"
        print(f"\r{share:3} % of {total / 1e6:.1f} MB", end=end, file=sys.stderr, flush=True)

    return tell
