"""A damaged database, put aside with its log for whoever wants to mend it."""

import contextlib
import logging
import os

from . import Unusable
from .dated import dated

logger = logging.getLogger(__name__)


def set_aside(path: str, why: object) -> None:
    """Rename the file, links followed, and its log, to `<path>.damaged-<UTC>`. Logs the new name.

    An earlier one is never overwritten. Raises `Unusable` where it cannot be renamed, or not even
    be read: that is the disk's fault, and may pass.
    """
    path = os.path.realpath(path)
    for one in (path, f"{path}-wal"):
        _read_through(one)
    aside = dated(f"{path}.damaged", ("", "-wal"))
    try:
        os.rename(path, aside)  # first: were its log gone, the next start would find no damage
        with contextlib.suppress(FileNotFoundError):
            os.rename(f"{path}-wal", f"{aside}-wal")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{path}-shm")
    except OSError as error:
        raise Unusable(f"{why}, and cannot be set aside ({error.strerror})") from None
    logger.warning("the database %s; it is now %s, and a new one is begun", why, aside)


def _read_through(path: str) -> None:
    try:
        with contextlib.suppress(FileNotFoundError), open(path, "rb", buffering=0) as file:
            while file.read(2**20):
                pass
    except OSError as error:
        raise Unusable(f"cannot be read ({error})") from None
