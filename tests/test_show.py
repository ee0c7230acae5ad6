"""GET routes: /metrics in both formats, /livez, /readyz, /health."""

import threading

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}


async def test_metrics_are_text_for_prometheus(get, post, rows):
    await post("/v1/traces", TRACE)
    await rows()
    response = await get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    families = {family.name: family for family in parse_text(response.body.decode())}
    persisted = families["tokenweir_events_persisted"].samples
    assert {s.labels["kind"]: s.value for s in persisted} == {"trace": 1, "error": 0}
    assert families["process_resident_memory_bytes"].samples


async def test_metrics_are_openmetrics_where_asked_for(get):
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    response = await get("/metrics", headers=accept)
    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    text = response.body.decode()
    assert text.endswith("# EOF\n")
    assert list(parse_openmetrics(text))


@pytest.mark.parametrize(
    "accept", ["*/*", "", "application/openmetrics-text; version=x;;q=,", "\xff"]
)
async def test_metrics_answer_whatever_is_asked_for(accept, get):
    assert (await get("/metrics", headers={"Accept": accept})).code == 200


@pytest.fixture
def impatient(settings):
    settings["body_timeout_seconds"] = 0.1


@pytest.mark.slow
async def test_an_answer_may_take_longer_than_a_body(impatient, service, get):
    service.metrics.process.ready.set_function(lambda: threading.Event().wait(0.5))
    assert (await get("/metrics")).code == 200


async def test_requests_are_counted_by_route_method_and_code(get, post, counted):
    await post("/v1/errors", {})
    await get("/health")
    await get("/nothing/of/the/sort", method="OPTIONS")
    assert counted("http_requests_total", route="errors", method="POST", code="400") == 1
    assert counted("http_requests_total", route="health", method="GET", code="200") == 1
    assert counted("http_requests_total", route="other", method="other", code="404") == 1
    assert counted("http_request_duration_seconds_count", route="errors") == 1
    assert counted("http_request_size_bytes_sum", route="errors") == 2
    assert counted("http_requests_in_flight") == 0


async def test_build_info_says_what_runs(service):
    (family,) = [f for f in service.metrics.registry.collect() if f.name == "tokenweir_build_info"]
    (sample,) = family.samples
    assert set(sample.labels) == {"version", "revision", "python_version", "sqlite_version"}
    assert sample.value == 1


@pytest.mark.slow
async def test_a_blocked_loop_shows_as_lag(counted, io_loop):
    threading.Event().wait(0.6)  # blocks the loop over the timer's time
    while not counted("event_loop_lag_seconds_count"):
        await io_loop.run_in_executor(None, threading.Event().wait, 0.01)
    assert counted("event_loop_lag_seconds_sum") > 0.05


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health"])
async def test_a_healthy_service_says_so(path, get):
    response = await get(path)
    assert (response.code, response.answer["status"], response.answer["reasons"]) == (200, "ok", [])
    assert (await get(path, method="HEAD")).code == 200


async def test_readiness_is_503_while_stopping_and_health_says_so(service, get, counted):
    assert counted("ready") == 1
    service.pipeline._stopping = True
    response = await get("/readyz")
    assert (response.code, response.answer["reasons"]) == (503, ["stopping"])
    assert (await get("/health")).answer["status"] == "stopping"
    assert (await get("/livez")).code == 200
    assert counted("ready") == 0


async def test_health_has_the_whole_picture(get, post, rows):
    assert (await get("/health")).answer["last_commit"] is None
    await post("/v1/traces", [TRACE, TRACE])
    await rows()
    health = (await get("/health")).answer
    assert set(health) == {
        "status",
        "reasons",
        "db_status",
        "db_size_bytes",
        "wal_size_bytes",
        "queue_depth",
        "events_received",
        "events_dropped",
        "uptime_seconds",
        "last_commit",
        "version",
    }
    assert (health["events_received"], health["events_dropped"], health["queue_depth"]) == (2, 0, 0)
    assert health["db_size_bytes"] > 0
    assert health["wal_size_bytes"] > 0
    assert health["last_commit"].endswith("Z")


async def test_a_nearly_full_disk_is_degraded(get, monkeypatch):
    monkeypatch.setattr("server.disk.Disk._space", lambda self: (4, 100))
    health = (await get("/health")).answer
    assert health["status"] == "degraded"
    assert health["reasons"] == ["less than 5 % of the disk is free"]
