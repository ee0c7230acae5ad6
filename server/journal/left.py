"""What earlier journals left in the directory."""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .record import Record
from .segment import SUFFIX, Contents, read

_NAME = re.compile(rf"\d{{20}}-[0-9a-f]{{32}}{re.escape(SUFFIX)}")


class Unsettled(NamedTuple):
    """A segment's records that are not known to be settled, and bytes that are no records."""

    path: Path
    size: int
    contents: Contents
    records: list[Record]


def segments(directory: Path) -> list[Path]:
    """The segments, oldest first; none where there is no directory. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        found = (path for path in directory.iterdir() if _NAME.fullmatch(path.name))
        return sorted(path for path in found if path.is_file())
    return []


def unsettled(path: Path, marks: Mapping[str, int]) -> Unsettled:
    """What `marks`, number of the last settled record by journal id, does not settle in a segment.

    Of a journal that is not in it nothing is settled. Raises OSError.
    """
    contents = read(path)
    settled = marks.get(contents.journal, 0)
    records = [record for record in contents.records if record.number > settled]
    return Unsettled(path, path.stat().st_size, contents, records)


def discard(found: Path, *, keep_copy: bool) -> None:
    """Remove a segment, or rename it to `.damaged` for whoever may want to look. Raises OSError."""
    if keep_copy:
        found.rename(found.with_suffix(".damaged"))
    else:
        found.unlink()
