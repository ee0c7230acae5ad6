"""What a killed process had accepted is stored at the next start, once."""

import asyncio
import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from server.config import Config
from server.journal.journal import Journal
from server.journal.left import segments
from server.journal.segment import read
from server.normalise import Normaliser
from server.recording.payload import HEADING, encode
from server.service import Service

from .conftest import read_rows
from .ledger import balances, sums_of, sums_shown
from .locking import Lock
from .process import run, serving, start, wait_until

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
NORMALISER = Normaliser(max_text_bytes=1000, max_metadata_bytes=1000)


def trace(event_id):
    return NORMALISER.trace({**TRACE, "event_id": event_id}, "native")


@pytest.fixture
def directory(database):
    return Path(database + ".journal.d")


@pytest.fixture
def killed(database):
    """Have so many events accepted that are in the journal alone, and kill the service."""

    def killed(count=3, *settings, events=None):
        with serving(database, *settings) as service:
            service.post("/v1/traces", {**TRACE, "event_id": "first"})
            wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the first row")
            with Lock(database):
                body = events or [{**TRACE, "event_id": str(n)} for n in range(count)]
                assert service.post("/v1/traces", body)["accepted"] == len(body)
                service.process.kill()
                service.process.wait()
        return ["first", *(event["event_id"] for event in body)]

    return killed


def stored(database):
    return [row["event_id"] for row in read_rows(database, "llm_traces")]


def check_books(service, **expected):
    """The ledger of a running service holds, and these of its counters are as expected."""
    for name, value in expected.items():
        assert service.metric(f"tokenweir_events_{name}_total") == value, name
    sums = sums_shown(service)
    assert balances(sums), sums


@pytest.mark.slow
def test_what_was_accepted_is_stored_at_the_next_start_before_the_port_opens(
    killed, database, tmp_path
):
    ids = killed(300)
    assert stored(database) == ["first"]
    with serving(database) as service:
        assert stored(database) == ids
        check_books(service, accepted=0, replayed=300, persisted=300, deduplicated=0)
        status, said = service.stop()
    assert (status, "replayed 300 events from the journal" in said) == (0, True)
    assert [path.name for path in tmp_path.iterdir()] == ["t.db"]


@pytest.mark.slow
@pytest.mark.parametrize("settings", [("--journal=thread",), ("--journal-sync=always",)])
def test_so_it_is_in_the_other_modes(settings, killed, database):
    ids = killed(3, *settings)
    with serving(database, *settings) as service:
        check_books(service, replayed=3, persisted=3)
    assert stored(database) == ids


@pytest.mark.slow
def test_without_a_journal_now_an_earlier_one_is_stored_all_the_same(killed, database, directory):
    ids = killed()
    with serving(database, "--journal=off") as service:
        check_books(service, replayed=3, persisted=3)
        assert service.stop()[0] == 0
    assert stored(database) == ids
    assert not directory.exists()


@pytest.mark.slow
def test_what_is_stored_already_is_not_stored_again(killed, database, directory):
    ids = killed()
    kept = directory.with_name("kept")
    shutil.copytree(directory, kept)
    with serving(database) as service:
        service.stop()
    kept.rename(directory)
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("DELETE FROM totals WHERE name GLOB 'journal.*'")
    with serving(database) as service:
        check_books(service, replayed=4, persisted=0, deduplicated=4)
    assert stored(database) == ids


@pytest.mark.slow
def test_a_restored_database_gets_what_it_lacks_and_the_journal_has(killed, database):
    with serving(database) as service:
        service.post("/v1/traces", {**TRACE, "event_id": "backup"})
        service.stop()
    backup = database + ".backup"
    shutil.copy(database, backup)
    ids = killed()
    for suffix in ("", "-wal", "-shm"):
        Path(database + suffix).unlink(missing_ok=True)
    shutil.move(backup, database)
    with serving(database) as service:
        assert service.metric("tokenweir_events_persisted_total") >= 3
    assert sorted(stored(database)) == sorted(["backup", *ids])


@pytest.mark.slow
def test_a_database_that_is_gone_gets_all_that_the_journal_has(killed, database):
    ids = killed()
    for suffix in ("", "-wal", "-shm"):
        Path(database + suffix).unlink(missing_ok=True)
    with serving(database) as service:
        check_books(service, replayed=4, persisted=4)
    assert stored(database) == ids


@pytest.mark.slow
def test_a_database_replaced_while_running_gets_what_the_journal_has_at_the_next_start(database):
    with serving(database) as service:
        service.post("/v1/traces", {**TRACE, "event_id": "backup"})
        service.stop()
    backup = database + ".backup"
    shutil.copy(database, backup)
    lost = [{**TRACE, "event_id": str(n)} for n in range(50)]
    with serving(database) as service:
        service.post("/v1/traces", lost)
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") == 50, "the rows")
        Path(backup).replace(database)
        wait_until(lambda: "replaced" in service.get("/health"), "the loss to be noticed", 2)
        wait_until(lambda: service.json("/health")["status"] == "ok", "health", 5)
        service.post("/v1/traces", {**TRACE, "event_id": "after"})
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") == 51, "the row")
        service.process.kill()
        service.process.wait()
    assert stored(database) == ["backup", "after"]
    with serving(database) as service:
        check_books(service, persisted=50)
        assert service.stop()[0] == 0
    assert sorted(stored(database)) == sorted(["backup", "after", *(e["event_id"] for e in lost)])
    assert not Path(database + ".journal.d").exists()


@pytest.mark.slow
def test_a_torn_last_write_is_cut_and_said(killed, database, directory):
    ids = killed()
    (segment,) = segments(directory)
    segment.write_bytes(segment.read_bytes()[:-10])
    with serving(database) as service:
        check_books(service, replayed=0)
        assert "the journal's last write was torn" in service.stop()[1]
    assert stored(database) == ids[:1]
    assert not directory.exists()


@pytest.mark.slow
def test_a_damaged_record_is_said_and_kept_aside_and_costs_no_other(database, directory):
    journal = Journal(directory, HEADING, syncs=False)
    journal.begin(1)
    journal.append([encode([trace(name)]) for name in "abc"] + [b"nothing of ours"])
    journal.close(is_empty=False)
    (segment,) = segments(directory)
    data, middle = segment.read_bytes(), read(segment).records[1]
    segment.write_bytes(data[: middle.end - 1] + b"?" + data[middle.end :])
    with serving(database) as service:
        check_books(service, replayed=2, persisted=2)
        said = service.stop()[1]
    assert re.search(r"WARNING \d+ bytes of the journal's \d{20}-[0-9a-f]+.log are damaged", said)
    assert "ERROR a record of the journal cannot be read" in said
    assert stored(database) == ["a", "c"]
    assert [path.suffix for path in directory.iterdir()] == [".damaged"]


@pytest.mark.slow
def test_an_older_versions_records_are_stored(database, directory):
    columns = orjson.loads(HEADING)
    columns["trace"].remove("agent")
    journal = Journal(directory, orjson.dumps(columns), syncs=False)
    journal.begin(5)
    whole = encode([trace("old")])
    journal.append([whole[:-4] + whole[-3:]])  # the last columns are NULLs of one byte
    journal.close(is_empty=False)
    with serving(database) as service:
        service.post("/v1/traces", TRACE)
        service.process.kill()
    assert int(segments(directory)[-1].stem[:20]) == 6  # numbers only grow
    assert stored(database)[:1] in (["old"], [])


@pytest.mark.slow
def test_a_journal_that_cannot_be_read_is_one_clear_line(database, directory):
    directory.write_text("no directory")
    failed = run("--port=0", f"--db={database}")
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert f"the database {database} has a journal that cannot be read (" in failed.stderr


@pytest.mark.slow
def test_a_second_process_is_told_and_the_first_goes_on(database):
    with serving(database) as service:
        second = run("--port=0", f"--db={database}")
        assert second.returncode == 1
        said = f"the database {database} is in use by another tokenweir, process "
        assert f"{said}{service.process.pid}\n" in second.stderr
        assert second.stderr.count("\n") == 1
        assert service.post("/v1/traces", TRACE)["accepted"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_amid_the_replay_leaves_the_rest_where_it_is(signum, killed, database, directory):
    ids = killed()
    with Lock(database):
        waiting = start("--port=0", f"--db={database}")
        line = waiting.stderr.readline()
        assert "the store cannot be written: database is locked" in line
        waiting.send_signal(signum)
        _, said = waiting.communicate(timeout=10)
    assert waiting.returncode == 0
    assert "stopping before the start is done" in said
    assert len(segments(directory)) == 1
    with serving(database) as service:
        check_books(service, replayed=3, persisted=3)
    assert stored(database) == ids


@pytest.mark.slow
def test_an_event_that_the_store_refuses_is_set_aside_in_the_replay_too(killed, database):
    with serving(database):
        pass
    with closing(sqlite3.connect(database)) as db:
        db.execute(
            "CREATE TRIGGER no BEFORE INSERT ON llm_traces WHEN new.event_id = '1'"
            " BEGIN SELECT raise(ABORT, 'no'); END"
        )
    ids = killed()
    for lettered, known in ((1, 0), (0, 0)):
        with serving(database) as service:
            check_books(service, dead_lettered=lettered, deduplicated=known)
    assert stored(database) == [event_id for event_id in ids if event_id != "1"]


@pytest.mark.slow
@pytest.mark.gen_test(timeout=20)
async def test_a_long_replay_says_how_far_it_is_and_what_it_waits_for(
    io_loop, database, directory, monkeypatch, caplog
):
    monkeypatch.setattr("server.recording.replay.PROGRESS_SECONDS", 0.05)
    caplog.set_level("INFO")
    first = Service(Config(db=database, port=0))
    await first.start()
    await first.stop()
    journal = Journal(directory, HEADING, syncs=False)
    journal.begin(1)
    journal.append([encode([trace(str(n))]) for n in range(1000)])
    journal.close(is_empty=False)
    service = Service(Config(db=database, port=0))
    with Lock(database):
        starting = asyncio.ensure_future(service.start())
        async with asyncio.timeout(10):
            while "database is locked" not in caplog.text.partition("replaying")[2]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    await starting
    assert re.search(r"replaying the journal: 0.0 of 0.\d MiB are stored; the store c", caplog.text)
    assert sums_of(service.metrics.registry.collect())["persisted"] == 1000
    assert len(stored(database)) == 1000
    await service.stop()
