"""`python -m tests.torture.witness FILE ARGUMENTS`: tokenweir, and what it answered uncovered.

The service's own counter of events answered before the journal had them ends with its process.
Here it is in a file as well, which the kernel keeps through a SIGKILL: only what it counts may be
lost.
"""

import mmap
import struct
import sys
from pathlib import Path
from unittest.mock import patch

from server import cli
from server.journal import journal
from server.metrics.declare import Declare
from server.metrics.journal import JournalMetrics
from server.store import checkpoint

_COUNT = struct.Struct("=Q")
_SEGMENT_BYTES, _PAGES = 2**17, 10  # so that segments end and are removed, in lives this short


def witness(path: str) -> None:
    """Have each JournalMetrics made from now on count in the file too, before the answer goes."""
    Path(path).write_bytes(bytes(_COUNT.size))
    with open(path, "r+b") as file:
        memory = mmap.mmap(file.fileno(), _COUNT.size)
    initialise = JournalMetrics.__init__

    def witnessed(metrics: JournalMetrics, declare: Declare) -> None:
        initialise(metrics, declare)
        count = metrics.uncovered.inc

        def inc(amount: float = 1) -> None:
            _COUNT.pack_into(memory, 0, _COUNT.unpack_from(memory)[0] + int(amount))
            count(amount)

        patch.object(metrics.uncovered, "inc", inc).start()

    patch.object(JournalMetrics, "__init__", witnessed).start()


def uncovered(path: Path) -> int:
    """Events that the process answered uncovered, also when it is dead; 0 before it counts."""
    data = path.read_bytes() if path.exists() else b""
    return int(_COUNT.unpack(data)[0]) if data else 0


if __name__ == "__main__":
    witness(sys.argv[1])
    patch.object(journal, "SEGMENT_BYTES", _SEGMENT_BYTES).start()
    patch.object(checkpoint, "PAGES", _PAGES).start()
    sys.exit(cli.main(sys.argv[2:]))
