"""An older database becomes one of this version: copied first, and put back where that fails."""

import contextlib
import logging
import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

from . import Damaged, Unusable
from .check import pragma
from .copying import Progress, check_room, copy, count_rows, remove, sync
from .dated import dated
from .faults import is_damage, page_fault, schema_fault
from .migrate import migrate
from .schema import VERSION

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0
"""From one line of progress to the next."""


class Failed(Exception):
    """A check of the migrated tables that did not hold."""


def upgrade(db: sqlite3.Connection, path: str) -> None:
    """Bring an older file, open in `db`, to VERSION, in one transaction.

    A copy of it is kept as `<path>.v<number>-<UTC>.bak`. Where the migration fails, `db` is closed
    and the copy takes the file's place. Raises `Unusable`, and `sqlite3.Error` for a lock.
    """
    path = os.path.realpath(path)
    # from here on nobody else writes: what is copied is all that is migrated
    db.execute("BEGIN IMMEDIATE")
    version = pragma(db, "user_version")
    temporary = f"{path}.v{version}.tmp"
    try:
        rows = _copy(path, temporary)
    except (sqlite3.Error, OSError, Unusable) as error:
        remove(temporary)
        raise _uncopied(error, version) from None
    kept = dated(f"{path}.v{version}", [".bak"]) + ".bak"
    where = temporary
    try:
        _migrate(db, rows)
        os.rename(temporary, kept)  # before COMMIT: no upgraded file is without it
        where = kept
        sync(Path(path).parent)
        db.execute("COMMIT")
    except (sqlite3.Error, OSError, Failed) as error:
        with contextlib.suppress(sqlite3.Error):
            db.close()
        raise _put_back(where, path, f"to schema version {VERSION} failed ({error})") from None
    logger.info(
        "the database is upgraded from schema version %d to %d; as it was before it is kept as %s: "
        "delete that when you are content",
        version,
        VERSION,
        kept,
    )


def _copy(path: str, temporary: str) -> dict[str, int]:
    """Its rows by table. The copy has the mode and the owner of the file, whose place it may take.

    One that a kill left is written over.
    """
    remove(temporary)
    uri = f"{Path(path).as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
        check_room(db, str(Path(path).parent))
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        found = os.stat(path)
        with contextlib.suppress(OSError):  # only root may give files away
            os.chown(temporary, found.st_uid, found.st_gid)
        os.chmod(temporary, stat.S_IMODE(found.st_mode))
        return copy(db, temporary, _teller())


def _teller() -> Progress:
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > PROGRESS_SECONDS:
            last = time.monotonic()
            megabytes = done / 1e6, total / 1e6
            logger.info("copying the database before its upgrade: %.0f of %.0f MB", *megabytes)

    return tell


def _migrate(db: sqlite3.Connection, before: dict[str, int]) -> None:
    """Raises `sqlite3.Error` and `Failed`."""
    migrate(db)
    after = count_rows(db)
    if fault := schema_fault(db) or page_fault(db):
        raise Failed(fault)
    for table, rows in before.items():
        if after.get(table) != rows:
            raise Failed(f"{table} had {rows} rows and has {after.get(table, 'gone')}")


def _put_back(copied: str, path: str, why: str) -> Unusable:
    """What to raise once the copy has taken the file's place, or not.

    A kill in between does no harm: what the old log holds is in the copy, or makes it the new one.
    """
    try:
        os.rename(copied, path)
    except OSError as error:
        return Unusable(
            f"is in an unknown state: its upgrade {why}, and its copy {copied} cannot be put in "
            f"its place ({error.strerror}); do so, and remove {path}-wal and {path}-shm"
        )
    for end in ("-wal", "-shm"):
        with contextlib.suppress(OSError):
            os.unlink(path + end)
    with contextlib.suppress(OSError):
        sync(Path(path).parent)
    return Unusable(f"is as it was before: its upgrade {why}")


def _uncopied(error: Exception, version: int) -> Unusable:
    if isinstance(error, Damaged) or is_damage(error):
        said = str(error) if isinstance(error, Damaged) else f"is damaged ({error})"
        return Damaged(said)
    said = str(error) if isinstance(error, Unusable) else f"cannot be copied ({error})"
    return Unusable(f"{said}; it is copied before an upgrade, and is as it was, version {version}")
