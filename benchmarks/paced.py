"""Open-loop load: each request has its time, and a late answer is late from then on."""

import asyncio
import contextlib
import json
import time
from typing import NamedTuple

from load import read_answer


class Answered(NamedTuple):
    """Milliseconds from when each request was due to its answer, and events accepted."""

    milliseconds: list[float]
    accepted: int


async def drive_paced(
    port: int, payload: bytes, connections: int, rate: float, seconds: float
) -> Answered:
    """Send `payload` `rate` times a second, over `connections` in turn, until one is closed."""
    found: list[tuple[float, int]] = []
    start, dues = time.monotonic(), range(int(rate * seconds))
    turns = [[number / rate for number in dues[i::connections]] for i in range(connections)]
    await asyncio.gather(*(_keep_to(port, payload, start, turn, found) for turn in turns))
    return Answered([ms for ms, _ in found], sum(accepted for _, accepted in found))


async def _keep_to(
    port: int, payload: bytes, start: float, turn: list[float], found: list[tuple[float, int]]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        for due in turn:
            await asyncio.sleep(start + due - time.monotonic())
            writer.write(payload)
            _, body = await read_answer(reader)
            late = (time.monotonic() - start - due) * 1e3
            found.append((late, json.loads(body)["accepted"]))
    writer.close()
