"""What an event takes on the disk, and of the CPU, by the bytes of text in it.

`python -m benchmarks.studies.sizes`, from the top of a checkout, in its .venv
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from server.store.retention.limits import Limits
from server.store.retention.space import look
from server.store.writer import SqliteStore

from ..load.driving import drive
from ..servers import service
from ..works import traces

TEXTS = (0, 200, 2048, 8192, 32768)
"""Bytes; the last are two texts of `max_text_bytes`."""
SECONDS = 4.0


def main() -> None:
    """One service for each size, one event a POST over four connections."""
    print("bytes of text | bytes on the disk | rows a GB | without the text | CPU us an event")
    for size in TEXTS:
        with tempfile.TemporaryDirectory(prefix="tokenweir-sizes-") as directory:
            measure(Path(directory) / "sizes.db", size)


def measure(database: Path, size: int) -> None:
    """Print the line of one size."""
    server = service(str(database))
    before = server.cpu_seconds()
    drive(server.port, traces(1, size), 4, SECONDS)
    server.settle()
    used = server.cpu_seconds() - before
    rows = server.metric("tokenweir_events_persisted_total")
    server.stop()
    each = database.stat().st_size / rows
    bare = without_texts(database) / rows
    cpu = used / rows * 1e6
    print(f"{size:13} | {each:17.0f} | {1e9 / each:9.0f} | {bare:16.0f} | {cpu:15.0f}")


def without_texts(database: Path) -> int:
    """Bytes of the database's pages in use once all its texts are too old."""
    store = SqliteStore(str(database), limits=Limits(text_seconds=-3600))  # so all are long due
    store.open()
    while store.trim(True).more:
        pass
    store.close()
    with closing(sqlite3.connect(database)) as db:
        return look(db).used


if __name__ == "__main__":
    main()
