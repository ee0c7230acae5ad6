"""What a request with a wrong key costs, beside the same one with a right key.

CPU of the service over the requests answered, until what was accepted is stored; in each round
one slice of each, close in time.
"""

import asyncio
import contextlib
import hashlib
import statistics
import time
from collections import Counter
from pathlib import Path

from cpu import BOUNDS, CONNECTIONS
from load import read_answer, request, trace
from servers import Server, wait_for

RIGHT, WRONG = "tw_right", "tw_wrong"
WORKS = {
    "one event a POST, connections kept": (trace(), True),
    "array of 100, connections kept": ([trace()] * 100, True),
    "one event a POST, a connection each": (trace(), False),
}
GOAL = "under 0.10"


def compare_keys(directory: str, rounds: int, seconds: float) -> None:
    """Print the cost of a wrong key as a share of a right one's, for each work."""
    file = Path(directory, "keys")
    file.write_text(f"bench:{hashlib.sha256(RIGHT.encode()).hexdigest()}\n")
    where = (f"--db={directory}/keys.db", f"--ingest-keys-file={file}")
    service = Server("-m", "server", "--port={port}", *where, *BOUNDS)
    print("CPU of a request with a wrong key, as a share of one with a right key:")
    for work, (body, stays) in WORKS.items():
        pairs = [
            [_slice(service, signed(body, key), stays, seconds) for key in (WRONG, RIGHT)]
            for _ in range(rounds)
        ]
        shares = [wrong / right for wrong, right in pairs]
        spread = f"{statistics.median(shares):.3f} ({min(shares):.3f}-{max(shares):.3f})"
        wrong, right = (statistics.median(each) for each in zip(*pairs, strict=True))
        print(f"{work}: {spread}, {wrong:.0f} us of {right:.0f} us, goal {GOAL}")
    service.stop()


def signed(body, key: str) -> bytes:
    """A POST with this key."""
    return request(body).replace(b"\r\n", f"\r\nAuthorization: Bearer {key}\r\n".encode(), 1)


def _slice(service: Server, payload: bytes, stays: bool, seconds: float) -> float:
    """CPU microseconds a request."""
    before = service.cpu_seconds()
    codes = asyncio.run(_knock(service.port, payload, stays, seconds))
    if len(codes) != 1:
        raise RuntimeError(f"answers of more than one kind: {codes}")
    wait_for(lambda: service.health("queue_depth") == 0, "the queue to empty")
    return (service.cpu_seconds() - before) * 1e6 / codes.total()


async def _knock(port: int, payload: bytes, stays: bool, seconds: float) -> Counter[bytes]:
    """Send `payload` for `seconds`, over connections that are kept where they may be."""
    codes: Counter[bytes] = Counter()
    end = time.monotonic() + seconds
    await asyncio.gather(*(_knock_on(port, payload, stays, end, codes) for _ in range(CONNECTIONS)))
    return codes


async def _knock_on(
    port: int, payload: bytes, stays: bool, end: float, codes: Counter[bytes]
) -> None:
    while time.monotonic() < end:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):  # it was closed
            while time.monotonic() < end:
                writer.write(payload)
                code, _ = await read_answer(reader)
                codes[code] += 1
                if not stays:
                    break
        writer.close()
