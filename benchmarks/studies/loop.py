"""How long one request holds the event loop at a stretch: 100 full payloads (20 MB), 512 spans.

`python -m benchmarks.studies.loop` starts the service in its own process, so that the loop itself
can be watched, and posts from another one.
"""

import asyncio
import tempfile
import time

from server.config import Config
from server.service import Service

from ..load import spans
from ..load.calls import litellm_call
from ..load.driving import Load
from ..load.payload import post, raw

ROUNDS = 5
BURSTS = {
    "20 MB of LiteLLM": post([litellm_call(200) for _ in range(100)], "/v1/litellm"),
    "512 OTLP spans": raw(spans.protobuf(512), spans.PROTOBUF, events=512),
}


async def watch(port: int, burst: str) -> tuple[float, float]:
    """Post one burst; the longest stretch without a turn of the loop, in ms: wall and CPU."""
    load = Load(port, BURSTS[burst], 1, 1.0, rate=1)
    wall = cpu = 0.0
    while load.running():
        start, used = time.perf_counter(), time.thread_time()
        await asyncio.sleep(0)
        wall = max(wall, time.perf_counter() - start)
        cpu = max(cpu, time.thread_time() - used)
    if "none" in load.result().answers:
        raise RuntimeError(f"no answer to {burst}")
    return wall * 1e3, cpu * 1e3


async def main() -> None:
    """Print the longest stretch of each burst."""
    with tempfile.TemporaryDirectory() as directory:
        service = Service(Config(db=f"{directory}/loop.db", port=0))
        await service.start()
        port = int(service.url.rpartition(":")[2])
        for burst in BURSTS:
            found = [await watch(port, burst) for _ in range(ROUNDS)]
            shown = ", ".join(f"{wall:.1f} ({cpu:.1f})" for wall, cpu in found)
            print(f"longest hold of the event loop by {burst}, ms wall (CPU): {shown}, goal 20")
        await service.stop()


if __name__ == "__main__":
    asyncio.run(main())
