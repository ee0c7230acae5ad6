"""How long one request of 100 full payloads (20 MB) holds the event loop at a stretch.

`loop.py` starts the service in its own process, so that the loop itself can be watched, and posts
from another one, `loop.py PORT`.
"""

import asyncio
import sys
import tempfile
import time

from load import litellm_call, request

from server.config import Config
from server.service import Service

BURSTS = 5


async def watch(port: str) -> tuple[float, float]:
    """Post one burst; the longest stretch without a turn of the loop, in ms: wall and CPU."""
    sender = await asyncio.create_subprocess_exec(sys.executable, __file__, port)
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
        found = [await watch(port) for _ in range(BURSTS)]
        await service.stop()
    shown = ", ".join(f"{wall:.1f} ({cpu:.1f})" for wall, cpu in found)
    print(f"longest hold of the event loop by a burst of 20 MB, ms wall (CPU): {shown}, goal 20")


async def send(port: int) -> None:
    """Post a burst and wait for its answer."""
    burst = request([litellm_call() for _ in range(100)], "/v1/litellm")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(burst)
    head = await reader.readuntil(b"\r\n")
    if b" 202 " not in head:
        raise RuntimeError(head)
    writer.close()


if __name__ == "__main__":
    asyncio.run(send(int(sys.argv[1])) if sys.argv[1:] else main())
