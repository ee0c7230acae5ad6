"""The journal under the service: what is accepted is in it before the answer, or is counted."""

import asyncio
import errno
import os
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from server.journal.journal import Journal
from server.journal.left import segments, unsettled
from server.recording.payload import HEADING, decoder
from server.store.marks import get_marks

from .conftest import HeldStore, until
from .otlp import PROTOBUF, TRACE_ID, call, packed

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}


@pytest.fixture
def store(database):
    return HeldStore(database)


@pytest.fixture(autouse=True)
def freed(service, store):
    """Let the service stop at once."""
    yield
    store.free.set()


@pytest.fixture
def directory(database):
    return Path(database + ".journal.d")


@pytest.fixture
def covered(directory):
    """The event ids that the journal's files hold."""

    def covered():
        found = [unsettled(path, {}) for path in segments(directory)]
        payloads = [record.payload for one in found for record in one.records if record.payload]
        return [event.event_id for one in payloads for event in decoder(HEADING)(one)]

    return covered


@pytest.fixture
def accepted(post):
    """Post so many traces, all of which must be accepted; their ids."""

    async def accepted(count=1):
        answer = (await post("/v1/traces", [TRACE] * count)).answer
        assert answer["accepted"] == count
        return [entry["event_id"] for entry in answer["events"]]

    return accepted


@pytest.fixture
def disk(monkeypatch):
    """What an append meets, before it is made: set `meets` to a function, or to None."""

    class Disk:
        def __init__(self):
            self.meets, self.threads = None, []

    disk, real = Disk(), Journal.append

    def append(self, payloads):
        disk.threads.append(threading.current_thread())
        if disk.meets is not None:
            disk.meets()
        return real(self, payloads)

    monkeypatch.setattr(Journal, "append", append)
    return disk


def fails(code=errno.EIO):
    def fail():
        raise OSError(code, os.strerror(code))

    return fail


MODES = pytest.mark.parametrize(
    "settings",
    [
        {"journal": "inline"},
        {"journal": "thread"},
        {"journal_sync": "interval"},
        {"journal_sync": "always"},
    ],
    ids=["inline", "thread", "interval", "always"],
)


@MODES
async def test_what_is_accepted_is_in_the_journal_before_the_answer(accepted, covered, counted):
    ids = []
    for count in (1, 3, 250):
        ids += await accepted(count)
        assert covered() == ids
    assert counted("journal_uncovered_events_total") == 0
    assert counted("journal_bytes") > 0
    assert counted("journal_write_duration_seconds_count") >= 3


async def test_an_event_and_its_error_are_in_it_together(post, covered):
    call = {"model": "m", "status": "failure", "litellm_call_id": "a", "error_str": "no"}
    assert (await post("/v1/litellm", call)).answer["accepted"] == 2
    assert covered() == ["a", "a:error"]


@MODES
async def test_spans_are_in_the_journal_before_their_sender_is_answered(
    post, covered, disk, service, monkeypatch
):
    monkeypatch.setattr(service.recorder, "_patience", 5)  # so that no busy machine is too slow
    monkeypatch.setattr(service.recorder._scribe, "_slow_seconds", 5)
    disk.meets = lambda: time.sleep(0.02)  # a lead for an answer that would not wait
    assert (await post("/v1/traces", packed([call(1), call(2)], PROTOBUF), PROTOBUF)).code == 200
    assert covered() == [f"{TRACE_ID}:{number:016x}" for number in (1, 2)]


@pytest.mark.parametrize("settings", [{"journal": "off"}])
async def test_without_a_journal_there_is_no_file(accepted, directory, counted, service):
    await accepted(3)
    assert not directory.exists()
    assert counted("journal_uncovered_events_total") == 0


@MODES
async def test_what_is_stored_needs_no_journal(
    accepted, store, service, counted, database, directory
):
    store.free.set()
    await accepted(20)
    await service.pipeline.drain()
    assert counted("journal_bytes") == 0
    with closing(sqlite3.connect(database)) as db:
        assert set(get_marks(db)) <= {service.recorder._journal.id}
    await service.stop()
    assert not directory.exists()


@pytest.mark.parametrize(("code", "reason"), [(errno.EIO, "io_error"), (errno.ENOSPC, "disk_full")])
async def test_a_journal_that_fails_holds_nothing_up_and_is_said(
    code, reason, accepted, counted, get, disk, caplog
):
    disk.meets = fails(code)
    await accepted(5)
    assert counted("journal_uncovered_events_total") == 5
    assert counted("journal_write_errors_total", reason=reason) >= 1
    health = (await get("/health")).answer
    assert health["status"] == "degraded"
    assert health["reasons"] == [f"the journal cannot be written: {os.strerror(code)}"]
    await accepted(1)
    assert caplog.text.count("the journal cannot be written") == 1


@pytest.mark.parametrize("settings", [{"journal": "inline"}, {"journal": "thread"}])
async def test_an_unforeseen_failure_is_endured_like_that_of_a_disk(
    accepted, covered, counted, get, becomes_ok, disk, ledger
):
    def meets():
        raise MemoryError

    disk.meets = meets
    ids = await accepted(2)
    health = (await get("/health")).answer
    assert health["reasons"] == ["the journal cannot be written: MemoryError"]
    disk.meets = None
    await becomes_ok()
    ids += await accepted(1)
    assert covered() == ids
    assert (ledger()["queue"], counted("journal_uncovered_events_total")) == (3, 2)


@pytest.mark.slow
async def test_a_look_that_fails_unforeseen_is_not_the_last(service, becomes_ok, monkeypatch):
    looks: list[Journal] = []

    def look(journal):
        looks.append(journal)
        if len(looks) == 1:
            raise MemoryError
        return True

    monkeypatch.setattr("server.recording.recorder.LOOK_SECONDS", 0.01)
    monkeypatch.setattr(Journal, "is_there", look)
    await until(lambda: len(looks) > 1)
    await becomes_ok()


async def test_a_journal_is_picked_up_again_without_traffic_with_what_still_waits(
    accepted, covered, get, becomes_ok, disk, caplog
):
    caplog.set_level("INFO")
    disk.meets = fails()
    ids = await accepted(5)
    disk.meets = None
    await becomes_ok()
    assert covered() == ids
    assert "the journal covers events again" in caplog.text
    ids += await accepted(1)
    assert covered() == ids
    assert disk.threads[-1] is threading.main_thread()


async def test_what_is_stored_meanwhile_is_not_written_to_it_any_more(
    accepted, store, service, covered, becomes_ok, disk
):
    disk.meets = fails()
    await accepted(5)
    store.free.set()
    await service.pipeline.drain()
    disk.meets = None
    await becomes_ok()
    assert covered() == []


async def test_a_slow_write_is_the_last_on_the_loop_until_one_is_quick(
    accepted, covered, counted, disk, service
):
    free, entered = threading.Event(), threading.Event()

    def slow():
        if threading.current_thread() is threading.main_thread():
            free.wait(0.03)
        else:
            entered.set()
            assert free.wait(10)

    disk.meets = slow
    ids = await accepted(1)
    await until(entered.is_set)
    ids += await accepted(2)  # answered although the thread hangs
    ids += await accepted(3)
    assert counted("journal_uncovered_events_total") == 5
    disk.meets = None
    free.set()
    await until(lambda: service.recorder.trouble is None and covered() == ids)
    ids += await accepted(1)
    assert covered() == ids
    assert disk.threads[-1] is threading.main_thread()


@pytest.mark.parametrize("settings", [{"journal": "thread"}, {"journal_sync": "always"}])
async def test_an_answer_waits_for_the_thread_but_not_for_long(
    accepted, covered, counted, get, becomes_ok, disk
):
    free = threading.Event()
    disk.meets = lambda: free.wait(10)
    ids = await accepted(1)
    assert counted("journal_uncovered_events_total") == 1
    reason = (await get("/health")).answer["reasons"][0]
    assert reason == "the journal is behind: a write takes too long"
    ids += await accepted(1)
    disk.meets = None
    free.set()
    await becomes_ok()
    ids += await accepted(1)
    assert covered() == ids
    assert counted("journal_uncovered_events_total") == 2


@pytest.mark.parametrize("settings", [{"journal": "thread"}, {"journal_sync": "always"}])
async def test_an_answer_does_not_wait_for_what_failed_once(accepted, covered, counted, disk):
    def meets():
        disk.meets = None
        fails()()

    disk.meets = meets
    async with asyncio.timeout(3):
        ids = await accepted(1)
    assert counted("journal_uncovered_events_total") == 1
    await until(lambda: covered() == ids)


@pytest.mark.parametrize("settings", [{"journal": "thread"}, {"journal_sync": "always"}])
async def test_a_request_larger_than_what_may_wait_is_covered_and_answered(
    accepted, covered, counted, disk, service, monkeypatch
):
    monkeypatch.setattr("server.recording.backlog.MOST_BYTES", 1000)
    monkeypatch.setattr(service.recorder, "_patience", 5)  # so that no busy machine is too slow
    monkeypatch.setattr(service.recorder._scribe, "_slow_seconds", 5)
    entered = threading.Event()

    def meets():
        entered.set()
        time.sleep(0.01)

    disk.meets = meets
    first = asyncio.ensure_future(accepted(1))
    await until(entered.is_set)
    async with asyncio.timeout(3):
        second = await accepted(250)  # which comes while the first is written
    assert covered() == await first + second
    assert counted("journal_uncovered_events_total") == 0


async def test_what_waits_for_a_journal_that_fails_is_bounded(
    accepted, counted, covered, becomes_ok, disk, monkeypatch
):
    monkeypatch.setattr("server.recording.backlog.MOST_BYTES", 2000)
    disk.meets = fails()
    for _ in range(50):
        await accepted(1)
    assert counted("journal_uncovered_events_total") == 50
    disk.meets = None
    await becomes_ok()
    assert 0 < len(covered()) < 50


@pytest.mark.parametrize("settings", [{"journal_sync": "always"}])
async def test_always_syncs_before_the_answer(accepted, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    for count in (1, 2, 3):
        await accepted(1)
        assert len(synced) == count


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"journal_sync": "interval"}])
async def test_interval_syncs_without_traffic(accepted, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    await accepted(1)
    await until(lambda: synced)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"journal_sync": "interval"}])
async def test_a_failed_sync_is_said_and_mended(accepted, get, becomes_ok, monkeypatch, counted):
    monkeypatch.setattr(os, "fdatasync", lambda _: fails()())
    await accepted(1)
    await until(lambda: counted("journal_write_errors_total", reason="io_error") >= 1)
    monkeypatch.undo()
    await becomes_ok()


@pytest.mark.slow
async def test_a_deleted_journal_is_noticed_without_traffic(
    accepted, covered, directory, becomes_ok, counted
):
    ids = await accepted(300)
    shutil.rmtree(directory)
    await until(lambda: counted("journal_write_errors_total", reason="io_error") >= 1)
    await becomes_ok()
    assert covered() == ids  # what still waits is written again
    assert counted("journal_uncovered_events_total") == 300
    ids += await accepted(1)
    assert covered() == ids


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"journal_sync": "interval"}])
async def test_a_sync_that_always_fails_stays_trouble(
    accepted, get, becomes_ok, monkeypatch, caplog, counted
):
    caplog.set_level("INFO")
    monkeypatch.setattr("server.recording.recorder.LOOK_SECONDS", 0.05)
    monkeypatch.setattr(os, "fdatasync", lambda _: fails()())
    await accepted(1)
    await until(lambda: "the journal cannot be written" in caplog.text)
    failed = partial(counted, "journal_write_errors_total", reason="io_error")
    end = failed() + 5
    while failed() < end:
        assert (await get("/health")).answer["status"] == "degraded"
    assert "covers events again" not in caplog.text
    assert caplog.text.count("the journal") == 1
    monkeypatch.undo()
    await becomes_ok()


@pytest.mark.slow
async def test_a_place_for_the_journal_that_something_else_took_stays_trouble(
    accepted, covered, directory, get, becomes_ok, tmp_path, counted
):
    ids = await accepted(2)
    directory.rename(tmp_path / "elsewhere")
    directory.touch()
    await until(lambda: counted("journal_write_errors_total", reason="io_error") > 3)
    assert (await get("/health")).answer["status"] == "degraded"
    directory.unlink()
    await becomes_ok()
    assert covered() == ids


async def test_a_large_request_is_written_in_the_thread_and_waited_for(
    service, post, covered, counted, disk
):
    big = {**TRACE, "input_text": "x" * 16_000, "output_text": "y" * 16_000}
    answer = (await post("/v1/traces", [big] * 100)).answer
    assert disk.threads[-1] is not threading.main_thread()
    assert covered() == [entry["event_id"] for entry in answer["events"]]
    assert counted("journal_uncovered_events_total") == 0


async def test_one_write_that_is_a_little_slow_moves_nothing_but_two_do(accepted, disk, covered):
    disk.meets = lambda: time.sleep(0.008)
    ids = await accepted(1)
    disk.meets = None
    ids += await accepted(1)
    assert {*disk.threads} == {threading.main_thread()}
    disk.meets = lambda: time.sleep(0.008)
    ids += await accepted(1)
    ids += await accepted(1)
    disk.meets = None
    await until(lambda: disk.threads[-1] is not threading.main_thread())
    assert covered() == ids


@pytest.mark.slow
async def test_a_stop_takes_to_the_journal_what_is_not_yet_in_it(
    accepted, store, service, covered, disk, ledger, monkeypatch
):
    monkeypatch.setattr("server.recording.backlog.MOST_BYTES", 0)
    disk.meets = fails()
    ids = await accepted(5)
    disk.meets = None
    await service.pipeline.stop(drain_seconds=2)
    assert covered() == ids
    assert (ledger()["queue"], ledger()["dropped_persist"]) == (5, 0)


@pytest.mark.slow
async def test_a_stop_takes_to_the_journal_what_was_deleted_with_it(
    accepted, store, service, covered, becomes_ok, directory, counted, ledger
):
    ids = await accepted(5)
    shutil.rmtree(directory)
    await until(lambda: counted("journal_write_errors_total", reason="io_error") >= 1)
    await becomes_ok()
    ids += await accepted(1)
    await service.pipeline.stop(drain_seconds=2)
    assert set(covered()) == set(ids)
    assert (ledger()["queue"], ledger()["dropped_persist"]) == (6, 0)


@pytest.mark.slow
async def test_what_neither_store_nor_journal_takes_is_counted_at_a_stop(
    accepted, store, service, covered, disk, ledger
):
    disk.meets = fails()
    await accepted(5)
    await service.pipeline.stop(drain_seconds=0.5)
    assert covered() == []
    assert (ledger()["queue"], ledger()["dropped_persist"]) == (0, 5)
