"""The queue and its consumer: never waits, never dies, loses nothing that it said it accepted."""

import asyncio
import sqlite3
import threading
import time

import pytest

from server.consumer import GATHER_SECONDS, MANY, Consumer
from server.store import Refused, Unavailable
from server.store.writer import SqliteStore

from .conftest import read_rows, until

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}


class FailingStore(SqliteStore):
    """Raises the next of `failures` at each write; None stands for a write that succeeds."""

    def __init__(self, path):
        super().__init__(path)
        self.failures: list = []

    def write(self, batch, mark=None):
        failure = self.failures.pop(0) if self.failures else None
        if failure:
            raise failure
        return super().write(batch, mark)


class TendingStore(SqliteStore):
    """Deletes what is too old only while `free` is set, after `entered`."""

    def __init__(self, path):
        super().__init__(path)
        self.free, self.entered = threading.Event(), threading.Event()
        self.free.set()
        self.looks = 0
        """Those that no pause gave the time for."""

    def trim(self, is_idle):
        self.looks += not is_idle
        if not self.free.is_set():
            self.entered.set()
        assert self.free.wait(30)
        return super().trim(is_idle)


@pytest.fixture
def settings():
    return {"queue_events": 512}


@pytest.fixture
def failing(database):
    return FailingStore(database)


@pytest.fixture
def tending(database):
    return TendingStore(database)


@pytest.fixture
def store(request):
    """The fake that the test asks for, else SQLite."""
    names = [name for name in ("held", "failing", "tending") if name in request.fixturenames]
    return request.getfixturevalue(names[0]) if names else None


@pytest.mark.gen_test(timeout=30)
async def test_600_events_on_a_queue_of_512_are_512_accepted_and_88_dropped(
    held, post, rows, ledger, counted
):
    responses = await asyncio.gather(*(post("/v1/traces", TRACE) for _ in range(600)))
    assert not held.free.is_set()  # all were answered while the store is held
    statuses = [response.answer["events"][0]["status"] for response in responses]
    assert {response.code for response in responses} == {202}
    assert (statuses.count("accepted"), statuses.count("dropped")) == (512, 88)
    assert counted("queue_events") == 512
    assert counted("queue_oldest_event_age_seconds") > 0
    ledger()
    held.free.set()
    assert len(await rows()) == 512
    sums = ledger()
    assert (sums["persisted"], sums["dropped_ingest"], sums["queue"]) == (512, 88, 0)
    assert counted("queue_bytes") == counted("queue_oldest_event_age_seconds") == 0


async def test_the_queue_is_bounded_by_bytes_too(held, service, post, counted, ledger):
    service.pipeline._unsettled._max_bytes = 20_000
    text = "👍" * 2000  # 8,000 bytes of UTF-8
    entries = (await post("/v1/traces", [{**TRACE, "input_text": text}] * 4)).answer["events"]
    assert [entry["status"] for entry in entries] == ["accepted"] * 2 + ["dropped"] * 2
    assert 16_000 < counted("queue_bytes") <= 20_000
    held.free.set()
    ledger()


async def test_a_lone_event_is_written_without_waiting_for_more(post, rows, counted, monkeypatch):
    monkeypatch.setattr("server.consumer.GATHER_SECONDS", 60)
    start = counted("writer_last_commit_timestamp_seconds")
    await post("/v1/traces", TRACE)
    assert len(await rows()) == 1
    assert counted("writer_batch_events_sum") == 1
    assert counted("event_commit_latency_seconds_count", kind="trace") == 1
    assert counted("writer_last_commit_timestamp_seconds") > start


@pytest.mark.slow
async def test_events_that_come_soon_after_a_batch_gather_in_one(post, rows, counted, monkeypatch):
    monkeypatch.setattr("server.consumer.GATHER_SECONDS", 1)
    for _ in range(4):
        await post("/v1/traces", TRACE)
    assert len(await rows()) == 4
    assert counted("writer_batch_events_count") == 2


@pytest.fixture
def waits(monkeypatch):
    """The pauses of the consumer, which takes none."""
    waits = []

    async def wait(consumer, seconds):
        waits.append(seconds)

    monkeypatch.setattr(Consumer, "_wait", wait)
    return waits


@pytest.mark.parametrize("settings", [{"queue_events": 4 * MANY - 1}])
async def test_events_that_fill_a_quarter_of_the_queue_gather_no_longer(post, rows, waits):
    await post("/v1/traces", [TRACE] * MANY)
    assert len(await rows()) == MANY
    assert waits == [GATHER_SECONDS]


async def test_many_events_gather_for_twice_as_long_as_few(post, rows, waits):
    await post("/v1/traces", [TRACE] * (MANY - 1))
    assert len(await rows()) == MANY - 1
    assert waits == [GATHER_SECONDS]
    await post("/v1/traces", [TRACE] * MANY)
    assert len(await rows()) == 2 * MANY - 1
    assert waits == [GATHER_SECONDS, GATHER_SECONDS, 2 * GATHER_SECONDS]


async def test_batches_share_a_look_until_what_they_write_may_come_to_a_limit(
    tending, service, post, rows, monkeypatch
):
    monkeypatch.setattr("server.upkeep.SHARED_SECONDS", 60)
    looks = tending.looks
    assert looks == 1  # at the start
    for _ in range(3):
        await post("/v1/traces", TRACE)
        await rows()
    assert tending.looks == looks
    service.pipeline._writer.upkeep._slack = 1.0  # bytes
    await post("/v1/traces", TRACE)
    await until(lambda: tending.looks > looks)


async def test_a_batch_of_large_events_is_a_short_one(held, post, counted, rows):
    large = TRACE | {"input_text": "x" * 16_000, "output_text": "y" * 16_000}
    await asyncio.gather(*(post("/v1/traces", [large] * 50) for _ in range(6)))
    held.free.set()
    assert len(await rows()) == 300
    assert counted("writer_batch_events_bucket", le="100.0") == counted("writer_batch_events_count")


@pytest.mark.parametrize("settings", [{"batch_events": 4}])
async def test_no_batch_is_larger_than_the_setting_says(post, rows, counted):
    await post("/v1/traces", [TRACE] * 10)
    assert len(await rows()) == 10
    assert counted("writer_batch_events_bucket", le="5.0") == counted("writer_batch_events_count")


async def test_the_pauses_between_tries_grow_up_to_a_second(failing, service, post, rows):
    pauses = []

    async def pause(seconds):
        pauses.append(seconds)

    service.pipeline._writer._retry._pause = pause
    failing.failures = [Unavailable("busy", "locked")] * 7
    await post("/v1/traces", TRACE)
    assert len(await rows()) == 1
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


async def test_what_gathers_during_a_write_is_one_batch(held, post, service, counted):
    await post("/v1/traces", TRACE)
    await until(held.entered.is_set)
    await post("/v1/traces", [TRACE] * 50)
    held.free.set()
    await service.pipeline.drain()
    assert counted("writer_batch_events_count") == 2
    assert counted("writer_batch_events_sum") == 51


@pytest.mark.parametrize("reason", ["busy", "io_error", "disk_full", "other"])
async def test_a_passing_failure_is_tried_again(reason, failing, post, rows, counted, ledger):
    failing.failures = [Unavailable(reason, "no")] * 2
    await post("/v1/traces", [TRACE] * 3)
    assert len(await rows()) == 3
    assert counted("writer_retries_total", reason=reason) == 2
    assert counted("writer_flush_duration_seconds_count", outcome="error") == 2
    ledger()


@pytest.mark.slow
async def test_health_is_degraded_while_writes_fail_and_ok_afterwards(
    database, service, post, get, becomes_ok, counted, caplog
):
    lock = sqlite3.connect(database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    await post("/v1/traces", TRACE)
    await until(lambda: counted("writer_retries_total", reason="busy") >= 2)
    assert caplog.text.count("the store cannot be written") == 1
    health = (await get("/health")).answer
    assert (health["status"], health["db_status"]) == ("degraded", "failing")
    assert health["queue_depth"] == 1
    assert health["reasons"] == ["the store cannot be written: database is locked"]
    assert (await get("/readyz")).code == 200
    lock.close()
    await service.pipeline.drain()
    reasons = (await get("/health")).answer["reasons"]
    assert reasons == ["the store could not be written a moment ago: database is locked"]
    await becomes_ok()


async def test_the_books_balance_while_half_a_refused_batch_still_waits(
    failing, post, counted, ledger
):
    failing.failures = [Refused("poison"), None, *[Unavailable("busy", "locked")] * 1000]
    await post("/v1/traces", [TRACE] * 10)
    await until(lambda: counted("writer_retries_total", reason="busy") >= 1)
    sums = ledger()
    assert (sums["persisted"], sums["queue"]) == (5, 5)
    failing.failures = []


@pytest.mark.slow
async def test_an_unforeseen_failure_does_not_kill_the_consumer(failing, post, rows, get):
    failing.failures = [RuntimeError("a bug"), MemoryError(), Unavailable("busy", "then")]
    await post("/v1/traces", TRACE)
    assert len(await rows()) == 1
    assert (await get("/readyz")).code == 200


async def test_a_stop_writes_what_is_queued(held, post, service, database, ledger):
    await post("/v1/traces", [TRACE] * 100)
    stopping = asyncio.ensure_future(service.stop())
    await until(lambda: service.pipeline.not_ready() == "stopping")
    held.free.set()
    await stopping
    assert len(read_rows(database, "llm_traces")) == 100
    assert ledger()["persisted"] == 100


async def test_events_that_come_during_a_stop_are_dropped_and_counted(
    service, post, counted, ledger
):
    service.pipeline._stopping = True
    response = await post("/v1/traces", TRACE)
    assert (response.code, response.answer["dropped"]) == (202, 1)
    assert (
        counted("events_dropped_total", kind="trace", stage="ingest", reason="shutting_down") == 1
    )
    service.pipeline._stopping = False
    ledger()


@pytest.mark.parametrize("settings", [{"journal": "off", "batch_events": 4}])
async def test_what_cannot_be_written_in_time_is_counted(failing, post, service, counted, ledger):
    failing.failures = [Unavailable("busy", "locked")] * 1000
    await post("/v1/traces", [TRACE] * 30)
    await service.pipeline.stop(drain_seconds=0.2)
    lost = counted("events_dropped_total", kind="trace", stage="persist", reason="shutdown_timeout")
    assert lost == 30
    assert ledger()["queue"] == 0


async def test_a_dead_consumer_is_unready_and_said_loudly(service, post, get, caplog):

    async def broken(batch, settled):
        raise RuntimeError("a bug")

    service.pipeline._writer.write = broken
    await post("/v1/traces", TRACE)
    await until(service.pipeline._consumer.not_ready)
    assert "the consumer died" in caplog.text
    response = await get("/readyz")
    assert (response.code, response.answer["reasons"]) == (503, ["the consumer is dead"])


@pytest.mark.slow
async def test_what_waits_while_the_store_deletes_old_rows_has_an_age(
    tending, service, post, rows, counted
):
    tending.free.clear()
    await until(tending.entered.is_set)
    await post("/v1/traces", TRACE)
    since = time.monotonic()
    await until(lambda: time.monotonic() > since + 0.01)
    assert counted("queue_oldest_event_age_seconds") >= 0.01
    tending.free.set()
    await rows()
    await until(lambda: counted("queue_oldest_event_age_seconds") == 0)


async def test_what_is_being_written_is_older_than_what_waits_behind_it(held, post, rows, counted):
    await post("/v1/traces", TRACE)
    await until(held.entered.is_set)
    since = time.monotonic()
    await until(lambda: time.monotonic() > since + 0.01)
    await post("/v1/traces", TRACE)
    assert counted("queue_oldest_event_age_seconds") >= 0.01
    held.free.set()
    assert len(await rows()) == 2
