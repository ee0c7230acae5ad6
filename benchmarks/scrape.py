"""What a scrape costs with as many samples as there can be, and what POSTs beside scrapes wait.

`python benchmarks/scrape.py`
"""

import asyncio
import contextlib
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from itertools import product

from load import read_answer, request, trace
from paced import drive_paced
from prometheus_client import CollectorRegistry, Counter, disable_created_metrics
from prometheus_client.openmetrics.exposition import generate_latest
from servers import Server, wait_for

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
"""What Prometheus asks for."""
SCRAPE = f"GET /metrics HTTP/1.1\r\nHost: bench\r\nAccept: {OPENMETRICS}\r\n\r\n".encode()
RATE, SECONDS = 300, 5.0
ROUNDS, NAMES = 50, 30
"""Scrapes of a comparison; models and types of errors, more than are shown."""
PATHS = (
    *("/v1/traces", "/v1/errors", "/v1/litellm", "/v1/logs", "/v1/metrics", "/api/1/envelope/"),
    *("/metrics", "/livez", "/no/such"),
)
METHODS = ("GET", "HEAD", "POST", "PUT")
BODIES = (
    (b"{}", {"Content-Type": "application/json"}),
    (b"x", {"Content-Type": "text/plain"}),
    (b"x", {"Content-Length": str(10**9)}),
    (b"", {"X-Long": "x" * 70_000}),
)


def measure_scrape(directory: str, rounds: int = ROUNDS) -> None:
    """Print the CPU of a scrape where senders have made all the samples that they can."""
    server = Server("-m", "server", "--port={port}", f"--db={directory}/scraped.db")
    try:
        _fill(server.port)
        wait_for(lambda: server.health("queue_depth") == 0, "an empty queue")
        text = _ask(server.port, "GET", "/metrics")
        samples = sum(not line.startswith(b"#") for line in text.splitlines())
        pairs = [(_scraped(server), _plain(samples)) for _ in range(rounds)]
    finally:
        server.stop()
    ratio = statistics.median(scraped / plain for scraped, plain in pairs)
    cpu = statistics.median(scraped for scraped, _ in pairs) * 1e3
    print(f"a scrape of {samples} samples (goal 2000): {cpu:.1f} ms of CPU (goal 50)")
    print(
        f"  as a multiple of the library's text of {samples} counters without labels: {ratio:.2f}"
    )


def _fill(port: int) -> None:
    for path, method, (body, headers) in product(PATHS, METHODS, BODIES):
        _ask(port, method, path, body, headers)
    json_type = BODIES[0][1]
    for number in range(NAMES):
        call = trace(100) | {"model": f"model-{number}", "time_to_first_token_ms": 90}
        _ask(port, "POST", "/v1/traces", json.dumps(call).encode(), json_type)
        error = {"error_type": f"Error{number}", "message": "no"}
        _ask(port, "POST", "/v1/errors", json.dumps(error).encode(), json_type)


def _ask(
    port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        return connection.getresponse().read()


def _scraped(server: Server) -> float:
    before = server.cpu_seconds()
    _ask(server.port, "GET", "/metrics", headers={"Accept": OPENMETRICS})
    return server.cpu_seconds() - before


def _plain(samples: int) -> float:
    disable_created_metrics()  # as the service does: else they are samples, too
    registry = CollectorRegistry()
    for number in range(samples):
        Counter(f"plain_{number}", "A counter.", registry=registry)
    start = time.thread_time()
    generate_latest(registry)
    return time.thread_time() - start


def measure_posts(directory: str) -> None:
    """Print what POSTs wait with no scraper, with one, and with 20 that never pause."""
    server = Server("-m", "server", "--port={port}", f"--db={directory}/scrape.db")
    try:
        for scrapers in (0, 1, 20):
            asyncio.run(_beside(server.port, scrapers))
    finally:
        server.stop()


async def _beside(port: int, scrapers: int) -> None:
    done: list[None] = []
    async with _scraping(port, scrapers, done):
        answered = await drive_paced(port, request(trace()), 8, RATE, SECONDS)
    cuts = statistics.quantiles(answered.milliseconds, n=100)
    print(
        f"{RATE} POSTs/s beside {scrapers} scrapers ({len(done) / SECONDS:.0f} scrapes/s): "
        f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, longest {max(answered.milliseconds):.1f} ms"
    )


@contextlib.asynccontextmanager
async def _scraping(port: int, scrapers: int, done: list[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(_scrape(port, done)) for _ in range(scrapers)]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _scrape(port: int, done: list[None]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            writer.write(SCRAPE)
            await read_answer(reader)
            done.append(None)
    finally:
        writer.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tokenweir-bench-") as path:
        measure_scrape(path)
        measure_posts(path)
