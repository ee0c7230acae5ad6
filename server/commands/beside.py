"""What `tokenweir check` looks at beside the database: SQLite's library, the journal, the disk."""

import contextlib
import sqlite3
from collections.abc import Mapping

from ..disk import LOW_SHARE, Disk, journal_directory
from ..journal.left import segments, unsettled
from ..store.findings import Finding, Level

_FIXED = (3, 51, 3)
_FIXED_BRANCHES = ((3, 50, 7), (3, 44, 6))
_BUG = (
    "has a bug by which a second writer beside the service, as reprice and dead-letters replay "
    "are, could very rarely damage the file (sqlite.org/wal.html#walresetbug; mended in 3.51.3)"
)


def library() -> Finding:
    """Whether two connections that write can do harm."""
    version = sqlite3.sqlite_version_info
    mended = any(version[:2] == one[:2] and version >= one for one in _FIXED_BRANCHES)
    if version >= _FIXED or mended:
        return Finding("sqlite", "ok", f"SQLite {sqlite3.sqlite_version}")
    return Finding("sqlite", "WARNING", f"SQLite {sqlite3.sqlite_version} {_BUG}")


def journal(path: str, marks: Mapping[str, int] | None) -> Finding:
    """What waits for the database, by its `marks`; None: they cannot be read.

    A running service goes on meanwhile: segments come and go, and the last one may end in the
    middle of a record.
    """
    directory = journal_directory(path)
    files = records = damaged = 0
    try:
        for segment in segments(directory):
            with contextlib.suppress(FileNotFoundError):
                found = unsettled(segment, marks or {})
                files += 1
                records += sum(1 for record in found.records if record.payload)
                damaged += found.contents.damaged
        aside = len(list(directory.glob("*.damaged")))
    except OSError as error:
        return Finding("journal", "WARNING", f"cannot be read ({error})")
    if files + aside == 0:
        return Finding("journal", "ok", "is empty")
    level: Level = "WARNING" if damaged or aside else "ok"
    return Finding("journal", level, _journal(files, records, damaged, aside, marks is not None))


def disk(path: str) -> Finding:
    """Whether there is room to go on."""
    where = Disk(path)
    free, size = where.available_bytes() / 1e9, where.size_bytes() / 1e9
    level: Level = "WARNING" if where.is_low() else "ok"
    low = f", less than {LOW_SHARE:.0%}" if where.is_low() else ""
    return Finding("disk", level, f"{free:.1f} of {size:.1f} GB are free{low}")


def _journal(files: int, records: int, damaged: int, aside: int, known: bool) -> str:
    said = f"{files} segments hold {records} requests"
    said += " that the database does not" if known else "; what of it is stored is not known"
    if records and known:
        said += ": a running service stores them in a moment, else the next start does"
    if damaged:
        said += f"; {damaged} bytes are damaged"
    if aside:
        said += f"; {aside} damaged segments were put aside, as *.damaged"
    return said
