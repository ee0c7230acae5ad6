"""Starts load generators, and takes what they say."""

import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from .generator import Order, settling
from .payload import MARKER, Payload

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = (sys.executable, "-S", "-m", "benchmarks.load.generator")
"""Without site, which would be half of its start."""
_NUMBERS = itertools.count(1, 1_000_000)
"""Where each load begins to number: far more than one sends, so that no id comes twice."""


class Answered(NamedTuple):
    """What came of a load; the times are from when a request was due to its answer."""

    answers: Counter[str]
    accepted: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    own_us: float


class Load:
    """A load that runs in a process of its own."""

    def __init__(
        self, port: int, payload: Payload, connections: int, seconds: float, rate: float = 0.0,
        keep: bool = True,
    ) -> None:  # fmt: skip
        first = next(_NUMBERS) if MARKER in payload.data else 0
        order = Order(port, payload.events, connections, seconds, rate, first, keep)
        self._process = subprocess.Popen(
            GENERATOR, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._stdout, self._connections = cast(IO[bytes], self._process.stdout), connections
        stdin = cast(IO[bytes], self._process.stdin)
        with stdin:
            stdin.write(json.dumps(asdict(order)).encode() + b"\n" + payload.data)

    def wait_until_connected(self) -> None:
        """Until the server has taken the connections, just before the first request."""
        self._stdout.readline()
        time.sleep(settling(self._connections) * 0.8)

    def running(self) -> bool:
        """Whether it still sends or waits."""
        return self._process.poll() is None

    def result(self) -> Answered:
        """Wait for its end."""
        found = json.loads(self._stdout.read().rpartition(b"connected\n")[2])
        self._process.wait()
        return Answered(**found | {"answers": Counter(found["answers"])})


def drive(port: int, payload: Payload, connections: int, seconds: float, **more: Any) -> Answered:
    """Send, and wait for the end."""
    return Load(port, payload, connections, seconds, **more).result()
