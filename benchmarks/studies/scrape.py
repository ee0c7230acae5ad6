"""What a scrape costs with as many samples as there can be, and what POSTs beside scrapes wait.

`python -m benchmarks.studies.scrape`
"""

import contextlib
import http.client
import json
import statistics
import tempfile
import time
from itertools import product

from prometheus_client import CollectorRegistry, Counter, disable_created_metrics
from prometheus_client.openmetrics.exposition import generate_latest

from ..load.calls import trace
from ..load.driving import Load, drive
from ..load.payload import get
from ..servers import Server, service
from ..works import traces

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
"""What Prometheus asks for."""
SCRAPE = get("/metrics", f"Accept: {OPENMETRICS}\r\n")
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
    server = service(f"{directory}/scraped.db")
    try:
        _fill(server.port)
        server.settle()
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
    server = service(f"{directory}/scrape.db")
    try:
        for scrapers in (0, 1, 20):
            _beside(server.port, scrapers)
    finally:
        server.stop()


def _beside(port: int, scrapers: int) -> None:
    scraping = Load(port, SCRAPE, scrapers, SECONDS) if scrapers else None
    found = drive(port, traces(1), 8, SECONDS, rate=RATE)
    scrapes = scraping.result().answers.total() / SECONDS if scraping else 0
    print(
        f"{RATE} POSTs/s beside {scrapers} scrapers ({scrapes:.0f} scrapes/s): "
        f"p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms, longest {found.max_ms:.1f} ms"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tokenweir-bench-") as path:
        measure_scrape(path)
        measure_posts(path)
