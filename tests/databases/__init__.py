"""A database of each schema version, written by the service of that time; see make.py.

`v<number>.db.gz`, and `v<number>-killed.db.gz` with its log `v<number>-killed.db-wal.gz`: what a
kill left behind, with rows that only the log has.
"""

import gzip
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    """Of all that are stored, without their ends."""
    return sorted(path.name.removesuffix(".db.gz") for path in HERE.glob("*.db.gz"))


def unpack(name: str, path: str) -> None:
    """Put the stored database `name` at `path`, with its log where it has one."""
    for stored in HERE.glob(f"{name}.db*.gz"):
        end = stored.name.removeprefix(f"{name}.db").removesuffix(".gz")
        Path(path + end).write_bytes(gzip.decompress(stored.read_bytes()))
