"""`tokenweir backup`: a whole copy at any time, and nothing half done."""

import errno
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.normalise import Normaliser
from server.store import Damaged, Unusable, copying
from server.store.backup import backup
from server.store.schema import VERSION
from server.store.writer import SqliteStore

from .conftest import read_rows, read_totals
from .databases import names, unpack
from .faults.shim import FOR_EVER
from .locking import Lock
from .process import run, serving, start, wait_until
from .test_damage import damaged_page, foreign, garbage, newer, ours
from .test_upgrade import dump

TRACE = {"provider": "openai", "model": "gpt-4o"}


def quiet(done, total):
    pass


def one_line(failed, status=1):
    assert failed.returncode == status
    assert failed.stdout == ""
    (line,) = failed.stderr.splitlines()
    assert line.startswith("tokenweir: error: ")
    return line


def beside(path):
    """The names there; a reader may leave an index and an empty log of the database."""
    names = {one.name for one in Path(path).parent.iterdir()}
    return sorted(names - {"t.db-wal", "t.db-shm"})


@pytest.mark.slow
def test_a_backup_under_full_load_is_whole_and_its_figures_add_up(database, tmp_path):
    copy = str(tmp_path / "copy.db")
    with serving(database) as service:
        sender = start("send-sample", f"--url={service.url}", "--count=100000")
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") > 3000, "traffic")
        done = run("backup", copy, f"--db={database}")
        assert sender.poll() is None, "the load ended before the backup"
        sender.kill()
        sender.communicate()
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert dump(copy)[0] == VERSION
    traces, errors = len(read_rows(copy, "llm_traces")), len(read_rows(copy, "error_events"))
    totals = read_totals(copy)
    assert (traces, errors) == (totals["persisted.trace"], totals["persisted.error"])
    assert traces + errors > 3000
    assert done.stdout.startswith(f"{copy}: ")
    for said in (f"{errors} in error_events", f"{traces} in llm_traces", "0 in dead_letters"):
        assert f"{said}, " in done.stdout or f"{said}; " in done.stdout
    checked = run("check", f"--db={copy}")
    assert checked.returncode == 0, checked.stdout


def test_commits_meanwhile_neither_begin_it_anew_nor_get_into_it(database, tmp_path, monkeypatch):
    ours(database)
    monkeypatch.setattr(copying, "PAGES", 1)
    trace = Normaliser(1000, 1000).trace
    steps = []
    with closing(SqliteStore(database)) as store:
        store.open()

        def commit(done, total):
            steps.append(done)
            assert len(steps) < 1000, "it begins anew"
            store.write([trace(TRACE, "native")])

        rows = backup(database, str(tmp_path / "copy.db"), commit)
    assert rows["llm_traces"] == 410
    assert len(read_rows(tmp_path / "copy.db", "llm_traces")) == 410
    assert len(steps) > 50
    assert steps == sorted(set(steps))
    assert len(read_rows(database, "llm_traces")) == 410 + len(steps)


@pytest.mark.parametrize("name", names())
def test_what_a_log_holds_is_in_the_one_file_of_the_backup(name, tmp_path):
    for one in ("t.db", "another.db"):
        unpack(name, str(tmp_path / one))
    (tmp_path / "there").mkdir()
    copy = tmp_path / "there" / "copy.db"
    backup(str(tmp_path / "t.db"), str(copy), quiet)
    assert beside(copy) == ["copy.db"]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.read_bytes()[18:20] == b"\1\1"  # no log is wanted: it can be read anywhere
    assert dump(copy) == dump(tmp_path / "another.db")
    assert beside(copy) == ["copy.db"]


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_a_service_starts_on_a_backup(name, tmp_path):
    unpack(name, str(tmp_path / "t.db"))
    backup(str(tmp_path / "t.db"), str(tmp_path / "copy.db"), quiet)
    before = len(read_rows(tmp_path / "copy.db", "llm_traces"))
    with serving(tmp_path / "copy.db") as service:
        assert service.post("/v1/traces", TRACE)["accepted"] == 1
        assert service.stop()[0] == 0
    assert len(read_rows(tmp_path / "copy.db", "llm_traces")) == before + 1


@pytest.mark.slow
def test_the_journal_adds_what_a_backup_lacks(database, tmp_path):
    copy = str(tmp_path / "copy.db")
    with serving(database) as service:
        service.post("/v1/traces", [{**TRACE, "event_id": f"a{n}"} for n in range(5)])
        wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the queue to empty")
        assert run("backup", copy, f"--db={database}").returncode == 0
        with Lock(database):
            service.post("/v1/traces", [{**TRACE, "event_id": f"b{n}"} for n in range(5)])
            service.process.kill()
            service.process.wait()
    for end in ("", "-wal", "-shm"):
        os.unlink(database + end)
    shutil.copy(copy, database)
    with serving(database) as service:
        service.stop()
    found = {row["event_id"] for row in read_rows(database, "llm_traces")}
    assert found == {f"{letter}{n}" for letter in "ab" for n in range(5)}


@pytest.mark.slow
def test_what_is_there_is_replaced_only_by_force(database, tmp_path):
    ours(database)
    copy = tmp_path / "copy.db"
    copy.write_text("precious")
    copy.chmod(0o644)
    assert "is there already; --force" in one_line(run("backup", str(copy), f"--db={database}"))
    assert copy.read_text() == "precious"
    assert run("backup", str(copy), "--force", f"--db={database}").returncode == 0
    assert dump(copy) == dump(database)
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "status", "said"),
    [
        ("t.db", 2, "is the database itself"),
        ("t.db-wal", 2, "or belongs to it"),
        ("t.db-shm", 2, "or belongs to it"),
        ("t.db.lock", 2, "or belongs to it"),
        ("t.db.journal.d", 2, "or belongs to it"),
        ("t.db.journal.d/x", 2, "or belongs to it"),
        ("link", 2, "is the database itself"),
        ("hard", 2, "is the database itself"),
        (".", 1, "is a directory: name a file"),
        ("none/x", 1, "there is no directory"),
        ("pipe", 1, "is no regular file"),
        ("stale", 1, "stale-wal is there, of another database"),
    ],
)
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_nothing_that_would_do_harm_is_written(force, file, status, said, database, tmp_path):
    ours(database)
    (tmp_path / "link").symlink_to("t.db")
    os.link(database, tmp_path / "hard")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "stale-wal").touch()
    before, content = beside(database), Path(database).read_bytes()
    failed = run("backup", str(tmp_path / file), *force, f"--db={database}")
    assert said in one_line(failed, status)
    assert (beside(database), Path(database).read_bytes()) == (before, content)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (damaged_page, "is damaged"),
        (garbage, "cannot be read"),
        (foreign, "is a database of another program"),
        (newer, "from a newer tokenweir"),
        (lambda path: path.touch(), "is empty"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: None, "does not exist"),
    ],
    ids=["page", "garbage", "foreign", "newer", "empty", "directory", "missing"],
)
def test_what_is_no_whole_database_is_not_copied(make, said, tmp_path):
    make(tmp_path / "t.db")
    (tmp_path / "there").mkdir()
    failed = run("backup", str(tmp_path / "there" / "copy.db"), f"--db={tmp_path / 't.db'}")
    assert said in one_line(failed)
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.slow
def test_a_full_disk_is_said_and_leaves_what_was_there(faults, database):
    ours(database)
    copy = Path(f"{database}.copy")
    copy.write_text("the last one")
    before = beside(database)
    rule = faults.fail("write", error=errno.ENOSPC, nth=10, count=FOR_EVER, only="*.tmp")
    failed = run(
        "backup", str(copy), "--force", f"--db={database}", environment=faults.environment()
    )
    assert rule.injected
    assert f"{copy} cannot be written (database or disk is full)" in one_line(failed)
    assert (beside(database), copy.read_text()) == (before, "the last one")


def test_without_room_nothing_is_begun(database, tmp_path, monkeypatch):
    ours(database)
    little = SimpleNamespace(f_bavail=10, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda path: little)
    with pytest.raises(Unusable, match=r"needs 1\.\d MB in .*, where 0.0 MB are free"):
        backup(database, str(tmp_path / "copy.db"), quiet)
    assert beside(database) == ["t.db"]


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind_and_the_service_never_waits(signum, faults, database):
    with serving(database) as service:
        service.post("/v1/traces", [{**TRACE, "input_text": "x" * 10_000}] * 500)
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") == 500, "rows")
        before = beside(database)
        rule = faults.slow("write", seconds=30, nth=30, only="*.tmp")
        with start(
            "backup", f"{database}.copy", f"--db={database}", environment=faults.environment()
        ) as copying:
            wait_until(lambda: rule.held, "the copy to hang")
            service.post("/v1/traces", [TRACE] * 5)
            wait_until(lambda: service.metric("tokenweir_events_persisted_total") == 505, "rows")
            copying.send_signal(signum)
            faults.heal()
            assert copying.wait(30) == 130
            assert copying.stderr.read() == ""
        assert beside(database) == before


def test_a_copy_that_lacks_a_row_gets_no_name(database, tmp_path, monkeypatch):
    ours(database)
    counts = iter([{"llm_traces": 410}, {"llm_traces": 409}])
    monkeypatch.setattr(copying, "count_rows", lambda db: next(counts))
    with pytest.raises(Damaged, match="its copy has other numbers of rows"):
        backup(database, str(tmp_path / "copy.db"), quiet)
    assert beside(database) == ["t.db"]


def test_nobody_reads_a_backup_while_it_is_made(database, tmp_path):
    ours(database)
    seen: set[int] = set()

    def look(done, total):
        seen.update(one.stat().st_mode & 0o777 for one in tmp_path.glob("copy.db.*"))

    backup(database, str(tmp_path / "copy.db"), look)
    assert seen == {0o600}


def test_a_backup_through_a_link_goes_where_the_link_leads(database, tmp_path):
    ours(database)
    (tmp_path / "there").mkdir()
    (tmp_path / "copy.db").symlink_to("there/real.db")
    assert run("backup", str(tmp_path / "copy.db"), f"--db={database}").returncode == 0
    assert (tmp_path / "copy.db").is_symlink()
    with closing(sqlite3.connect(tmp_path / "there" / "real.db")) as db:
        assert db.execute("SELECT count(*) FROM llm_traces").fetchone() == (410,)
