"""A scrape: outside the loop's thread, never two renderings at once, and never too many samples."""

import asyncio
import threading
from contextlib import closing
from http.client import HTTPConnection
from itertools import product

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from server.rendering import Rendering

from .conftest import until
from .process import serving, wait_until

pytestmark = pytest.mark.both_layers

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
PATHS = (
    *("/v1/traces", "/v1/errors", "/v1/litellm", "/v1/logs", "/v1/metrics", "/api/1/envelope/"),
    *("/metrics", "/livez", "/readyz", "/health", "/no/such/path"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "BREW")
JSON = {"Content-Type": "application/json"}
BODIES = (
    (b"{}", JSON),
    (b"[", JSON),
    (b"x", {"Content-Type": "text/plain"}),
    (b"x", {**JSON, "Content-Encoding": "gzip"}),
    (b"", {"Content-Length": str(10**9)}),
    (b"", {"If-None-Match": "*"}),
    (b"", {"X-Long": "x" * 70_000}),
    (b"", {"Transfer-Encoding": "none"}),
)


class Watcher(Collector):
    """Notes the thread of each rendering, which takes until `free` is set."""

    def __init__(self):
        self.threads, self.active, self.free = [], [], threading.Event()
        self.free.set()

    def collect(self):
        """A sample of its own: how many renderings have begun."""
        self.threads.append(threading.current_thread())
        self.active.append(1)
        assert len(self.active) == 1, "two at once"
        assert self.free.wait(30)
        self.active.pop()
        yield GaugeMetricFamily("renderings", "Begun.", len(self.threads))


@pytest.fixture
def watcher(service):
    watcher = Watcher()
    service.metrics.registry.register(watcher)
    watcher.threads.clear()
    return watcher


@pytest.fixture
def in_flight(service):
    """Requests being handled, without a look at the other metrics."""
    return lambda: next(iter(service.metrics.http.in_flight.collect())).samples[0].value


@pytest.mark.gen_test
@pytest.mark.parametrize("headers", [{}, OPENMETRICS], ids=["text", "openmetrics"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_scrape_is_never_rendered_on_the_loops_thread(watcher, get, method, headers):
    await get("/metrics", method=method, headers=headers)
    assert watcher.threads
    assert threading.current_thread() not in watcher.threads


@pytest.mark.gen_test
async def test_scrapes_that_come_during_a_rendering_share_the_next(watcher, get, in_flight):
    watcher.free.clear()
    first = asyncio.ensure_future(get("/metrics"))
    await until(lambda: watcher.threads)
    later = [asyncio.ensure_future(get("/metrics")) for _ in range(9)]
    await until(lambda: in_flight() == 10)
    watcher.free.set()
    assert b"renderings 1.0\n" in (await first).body
    texts = [answer.body for answer in await asyncio.gather(*later)]
    assert all(b"renderings 2.0\n" in text for text in texts)


@pytest.mark.gen_test
async def test_each_format_has_its_own_rendering_and_they_take_turns(watcher, get, in_flight):
    watcher.free.clear()
    asked = [get("/metrics"), get("/metrics", headers=OPENMETRICS)]
    answers = [asyncio.ensure_future(answer) for answer in asked]
    await until(lambda: in_flight() == 2)
    watcher.free.set()
    text, openmetrics = [answer.body for answer in await asyncio.gather(*answers)]
    assert not text.endswith(b"# EOF\n")
    assert openmetrics.endswith(b"# EOF\n")
    assert len(watcher.threads) == 2


@pytest.mark.gen_test
async def test_a_scrape_that_fails_is_an_answer_and_the_next_one_works(watcher, get):
    watcher.active.append(1)
    assert (await get("/metrics")).code == 500
    watcher.active.clear()
    assert (await get("/metrics")).code == 200


@pytest.mark.gen_test
async def test_a_scrape_that_is_cancelled_ends_no_other(service):
    rendering = Rendering(service.metrics.registry)
    first, second = (asyncio.ensure_future(rendering.render("")) for _ in range(2))
    await asyncio.sleep(0)  # one turn, in which both begin to wait
    first.cancel()
    assert all([await second, await rendering.render("")])


def ask(service, method, path, body, headers):
    with closing(HTTPConnection(service.url.removeprefix("http://"), timeout=30)) as connection:
        connection.request(method, path, body, headers)
        connection.getresponse().read()


@pytest.mark.slow
def test_whatever_senders_do_there_are_no_more_samples_than_docs_metrics_says(database):
    with serving(database) as service:
        for path, method, (body, headers) in product(PATHS, METHODS, BODIES):
            ask(service, method, path, body, headers)
        call = {"provider": "p", "latency_ms": 900, "time_to_first_token_ms": 90, "cost_usd": 1}
        service.post("/v1/traces", [{**call, "model": f"m {n}"} for n in range(20)])
        service.post("/v1/traces", [{**call, "model": f"m-{n}"} for n in range(20)])
        service.post("/v1/errors", [{"error_type": f"E{n}", "message": "m"} for n in range(40)])
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") == 80, "80 rows")
        families = text_string_to_metric_families(service.get("/metrics"))
        samples = [sample for family in families for sample in family.samples]
    assert sum(sample.name == "tokenweir_llm_cost_usd_total" for sample in samples) == 11
    assert sum(sample.name == "tokenweir_llm_errors_total" for sample in samples) == 16
    assert len(samples) < 1200
