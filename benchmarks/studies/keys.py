"""What a request with a wrong key costs, beside the same one with a right key.

CPU of the service over the requests answered, until what was accepted is stored; in each round
one slice of each, close in time. `python -m benchmarks.studies.keys`
"""

import hashlib
import statistics
import tempfile
from pathlib import Path
from typing import Any

from ..load.calls import trace
from ..load.driving import drive
from ..load.payload import Payload, post
from ..report.figures import spread
from ..servers import Server, service

RIGHT, WRONG = "tw_right", "tw_wrong"
WORKS = {
    "one event a POST, connections kept": (trace(), True),
    "array of 100, connections kept": ([trace()] * 100, True),
    "one event a POST, a connection each": (trace(), False),
}
ROUNDS, SECONDS, CONNECTIONS = 7, 1.0, 16


def compare_keys(directory: str) -> None:
    """Print the cost of a wrong key as a share of a right one's, for each work."""
    file = Path(directory, "keys")
    file.write_text(f"bench:{hashlib.sha256(RIGHT.encode()).hexdigest()}\n")
    server = service(f"{directory}/keys.db", f"--ingest-keys-file={file}")
    print("CPU of a request with a wrong key, as a share of one with a right key:")
    for work, (body, keep) in WORKS.items():
        pairs = [
            [_slice(server, signed(body, key), keep) for key in (WRONG, RIGHT)]
            for _ in range(ROUNDS)
        ]
        shares = spread(wrong / right for wrong, right in pairs)
        wrong, right = (statistics.median(each) for each in zip(*pairs, strict=True))
        print(f"{work}: {shares}, {wrong:.0f} us of {right:.0f} us")
    server.stop()


def signed(body: Any, key: str) -> Payload:
    """A POST with this key."""
    return post(body, headers=f"Authorization: Bearer {key}\r\n")


def _slice(server: Server, payload: Payload, keep: bool) -> float:
    """CPU microseconds a request."""
    before = server.cpu_seconds()
    found = drive(server.port, payload, CONNECTIONS, SECONDS, keep=keep)
    codes = found.answers.keys() - {"none"}
    if len(codes) != 1:
        raise RuntimeError(f"answers of more than one kind: {found.answers}")
    server.settle()
    return (server.cpu_seconds() - before) * 1e6 / found.answers[codes.pop()]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tokenweir-bench-") as folder:
        compare_keys(folder)
