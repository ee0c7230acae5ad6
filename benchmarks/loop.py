"""How long one request holds the event loop at a stretch: 100 full payloads (20 MB), 512 spans.

`loop.py` starts the service in its own process, so that the loop itself can be watched, and posts
from another one, `loop.py PORT BURST`.
"""

import asyncio
import sys
import tempfile
import time

from load import litellm_call, raw, request
from spans import PROTOBUF, body

from server.config import Config
from server.service import Service

ROUNDS = 5
BURSTS = {
    "20 MB of LiteLLM": lambda: request([litellm_call() for _ in range(100)], "/v1/litellm"),
    "512 OTLP spans": lambda: raw(body(512), PROTOBUF),
}


async def watch(port: str, burst: str) -> tuple[float, float]:
    """Post one burst; the longest stretch without a turn of the loop, in ms: wall and CPU."""
    sender = await asyncio.create_subprocess_exec(sys.executable, __file__, port, burst)
    done = asyncio.ensure_future(sender.wait())
    wall = cpu = 0.0
    while not done.done():
        start, used = time.perf_counter(), time.thread_time()
        await asyncio.sleep(0)
        wall = max(wall, time.perf_counter() - start)
        cpu = max(cpu, time.thread_time() - used)
    return wall * 1e3, cpu * 1e3


async def main() -> None:
    """Print the longest stretch of each burst."""
    with tempfile.TemporaryDirectory() as directory:
        service = Service(Config(db=f"{directory}/loop.db", port=0))
        await service.start()
        port = service.url.rpartition(":")[2]
        for burst in BURSTS:
            found = [await watch(port, burst) for _ in range(ROUNDS)]
            shown = ", ".join(f"{wall:.1f} ({cpu:.1f})" for wall, cpu in found)
            print(f"longest hold of the event loop by {burst}, ms wall (CPU): {shown}, goal 20")
        await service.stop()


async def send(port: int, burst: str) -> None:
    """Post a burst and wait for its answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(BURSTS[burst]())
    head = await reader.readuntil(b"\r\n")
    if b" 20" not in head:
        raise RuntimeError(head)
    writer.close()


if __name__ == "__main__":
    asyncio.run(send(int(sys.argv[1]), sys.argv[2]) if sys.argv[1:] else main())
