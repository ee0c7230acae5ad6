"""An older database becomes one of this version, whole, or stays what it was."""

import errno
import logging
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.normalise import Normaliser
from server.store import Damaged, Unusable, copying, migrate, upgrade
from server.store.schema import MIGRATIONS, VERSION
from server.store.writer import SqliteStore

from .databases import names, unpack
from .faults.shim import FOR_EVER, MAIN, WAL
from .locking import Lock
from .process import run, serving, start, wait_until

OLDER = [name for name in names() if not name.startswith(f"v{VERSION}")]
TRACE = {"provider": "openai", "model": "gpt-4o"}


SINCE_4 = {"call_keys", "merged_events", "parts", "cost_series", "cost_awaited"}
NEW = {1: {"dead_letters"} | SINCE_4, 2: SINCE_4, 3: SINCE_4}
"""Tables that a version has not."""


def as_before(now, rows):
    """What there is now of those tables, without the columns that are new: they stand behind."""
    widths = {table: len(were[0]) if were else 0 for table, were in rows.items()}
    return {table: [row[:width] for row in now[table]] for table, width in widths.items()}


def dump(path):
    """All rows by table, as SQLite's own library reads them; the file is not touched."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        rows = {name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in tables}
    return version, rows


@pytest.fixture
def before(tmp_path):
    """Unpack a stored database; what it holds, found out with another copy of it."""

    def before(name, path):
        unpack(name, str(tmp_path / "another.db"))
        found = dump(tmp_path / "another.db")
        for one in tmp_path.glob("another.db*"):
            one.unlink()
        unpack(name, str(path))
        return found

    return before


def opened(path):
    store = SqliteStore(str(path))
    try:
        store.open()
    finally:
        store.close()


def others(path):
    """Names of the files beside it."""
    return sorted(one.name for one in Path(path).parent.iterdir() if one.name != Path(path).name)


def steps(monkeypatch, *statements):
    """Have the last migration end with `statements`."""
    last = (*MIGRATIONS[-1], *statements)
    monkeypatch.setattr(migrate, "MIGRATIONS", (*MIGRATIONS[:-1], last))


def test_every_version_has_a_stored_database():
    wanted = {f"v{n}{end}" for n in range(1, VERSION + 1) for end in ("", "-killed")}
    assert set(names()) == wanted


@pytest.mark.parametrize("name", names())
def test_a_stored_database_is_brought_to_the_newest_version_with_all_its_rows(
    name, before, database
):
    version, rows = before(name, database)
    assert f"v{version}" == name.removesuffix("-killed")
    assert len(rows["llm_traces"]) > 30
    opened(database)
    after, now = dump(database)
    assert after == VERSION
    assert as_before(now, rows) == rows
    assert now.keys() - rows.keys() == NEW.get(version, set())


@pytest.mark.parametrize("name", OLDER)
def test_the_old_state_is_kept_in_one_file_that_the_old_version_can_use(
    name, before, database, tmp_path, caplog
):
    caplog.set_level(logging.INFO)
    old = before(name, database)
    opened(database)
    (kept,) = others(database)
    assert fnmatch(kept, f"t.db.v{old[0]}-????????T??????Z.bak")
    assert dump(tmp_path / kept) == old
    assert others(database) == [kept]
    assert f"upgraded from schema version {old[0]} to {VERSION}" in caplog.text
    assert f"kept as {tmp_path / kept}: delete" in caplog.text
    shutil.copy(tmp_path / kept, tmp_path / "again.db")
    opened(tmp_path / "again.db")
    assert dump(tmp_path / "again.db") == dump(database)


@pytest.mark.parametrize("name", [f"v{VERSION}", f"v{VERSION}-killed"])
def test_nothing_is_copied_where_there_is_nothing_to_upgrade(name, database):
    unpack(name, database)
    opened(database)
    assert others(database) == []


def test_a_new_file_is_not_copied(database):
    opened(database)
    assert others(database) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_the_service_takes_events_into_a_stored_database(name, before, database):
    _, rows = before(name, database)
    with serving(database) as service:
        assert service.post("/v1/traces", [TRACE, TRACE])["accepted"] == 2
        assert service.post("/v1/traces", {**TRACE, "event_id": "plain"})["accepted"] == 1
        wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the queue to empty")
        assert service.json("/health")["status"] == "ok"
        assert service.stop()[0] == 0
    assert len(dump(database)[1]["llm_traces"]) == len(rows["llm_traces"]) + 2


FAILING = [
    ("no SQL", 'near "no": syntax error'),
    ("INSERT INTO llm_traces (id) VALUES (1)", "constraint failed"),
    ("DELETE FROM llm_traces WHERE id = 1", "llm_traces had 33 rows and has 32"),
    ("ALTER TABLE llm_traces DROP COLUMN agent", "no such column: agent"),
    ("DROP TABLE totals", "no such table: totals"),
]


@pytest.mark.parametrize(("statement", "said"), FAILING, ids=[said for _, said in FAILING])
def test_what_a_migration_that_fails_did_is_undone(statement, said, before, database, monkeypatch):
    old = before("v2", database)
    steps(monkeypatch, "INSERT INTO totals VALUES ('new', 1)", statement)
    for _ in range(2):  # the second start finds what the first one left
        with pytest.raises(Unusable) as caught:
            opened(database)
        assert str(caught.value).startswith("is as it was before: its upgrade to schema version")
        assert said in str(caught.value)
        assert not isinstance(caught.value, Damaged)
        assert others(database) == []
        assert dump(database) == old


def test_a_failed_upgrade_from_a_killed_database_is_undone_with_what_its_log_had(
    before, database, monkeypatch
):
    old = before("v2-killed", database)
    fails_then_succeeds(database, old, monkeypatch)
    assert dump(database)[1].keys() - old[1].keys() == SINCE_4


def fails_then_succeeds(database, old, monkeypatch):
    """An upgrade, with a bad step first, which leaves what was there."""
    steps(monkeypatch, "no SQL")
    with pytest.raises(Unusable, match="is as it was before"):
        opened(database)
    assert dump(database) == old
    monkeypatch.undo()
    opened(database)


def test_a_commit_that_fails_is_undone(before, database, monkeypatch):
    old = before("v2", database)

    def fail(path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(upgrade, "sync", fail)
    with pytest.raises(Unusable, match=r"is as it was before.*Input/output error"):
        opened(database)
    assert (dump(database), others(database)) == (old, [])


def test_a_commit_that_fails_and_holds_is_undone_by_the_copy(before, database, monkeypatch):
    old = before("v2-killed", database)

    class Holds(sqlite3.Connection):
        def execute(self, sql, *values):
            result = super().execute(sql, *values)
            if sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return result

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Holds))
    with pytest.raises(Unusable, match=r"is as it was before.*disk I/O error"):
        opened(database)
    monkeypatch.undo()
    assert (dump(database), others(database)) == (old, [])


def test_where_not_even_the_copy_can_be_put_back_it_is_named(before, database, monkeypatch):
    old = before("v2", database)
    steps(monkeypatch, "no SQL")

    def fail(source, target):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(Unusable) as caught:
        opened(database)
    said = str(caught.value)
    assert said.startswith("is in an unknown state: its upgrade to")
    assert f"its copy {database}.v2.tmp cannot be put in its place (Device or resource" in said
    assert dump(f"{database}.v2.tmp") == old
    assert dump(database) == old


@pytest.mark.parametrize("where", ["t.db", "link.db"])
def test_the_copy_lies_beside_the_file_itself_and_has_its_mode(where, before, tmp_path):
    (tmp_path / "there").mkdir()
    before("v1", tmp_path / "there" / "real.db")
    (tmp_path / "there" / "real.db").chmod(0o604)
    (tmp_path / where).symlink_to("there/real.db")
    opened(tmp_path / where)
    assert (tmp_path / where).is_symlink()
    (kept,) = (tmp_path / "there").glob("real.db.v1-*.bak")
    assert kept.stat().st_mode & 0o777 == 0o604


def test_a_failed_upgrade_behind_a_link_is_undone_there(before, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    old = before("v1", tmp_path / "there" / "real.db")
    (tmp_path / "t.db").symlink_to("there/real.db")
    steps(monkeypatch, "no SQL")
    with pytest.raises(Unusable, match="is as it was before"):
        opened(tmp_path / "t.db")
    assert (tmp_path / "t.db").is_symlink()
    assert dump(tmp_path / "there" / "real.db") == old


def test_without_room_for_the_copy_nothing_is_begun(before, database, monkeypatch):
    old = before("v2-killed", database)
    little = SimpleNamespace(f_bavail=10, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda path: little)
    with pytest.raises(Unusable, match=r"needs 0.\d MB in .*, where 0.0 MB are free; it is copied"):
        opened(database)
    assert others(database) == []
    assert dump(database) == old


@pytest.mark.slow
@pytest.mark.parametrize("only", ["*.tmp", WAL])
def test_a_disk_that_is_full_is_one_clear_line_and_changes_nothing(only, faults, before, database):
    old = before("v1", database)
    rule = faults.fail("write", error=errno.ENOSPC, count=FOR_EVER, only=only)
    failed = run("--port=0", f"--db={database}", environment=faults.environment())
    assert rule.injected
    assert failed.returncode == 1
    (said,) = failed.stderr.splitlines()
    assert said.startswith("tokenweir: error: the database ")
    assert "is as it was" in said
    assert dump(database) == old
    assert not [name for name in others(database) if name.startswith("t.db.v")]


@pytest.mark.parametrize("failing", ["write", "sync", "open", "remove"])
@pytest.mark.parametrize("only", [MAIN, WAL, "*.tmp*", "*.bak"])
@pytest.mark.slow
def test_a_disk_that_fails_leaves_the_old_state_or_the_new(failing, only, faults, before, database):
    old = before("v2-killed", database)
    nth = 0
    while True:
        nth += 1
        for one in Path(database).parent.glob("t.db*"):
            one.unlink()
        unpack("v2-killed", database)
        rule = faults.fail(failing, nth=nth, only=only)
        arguments = ("--port=0", f"--db={database}", "--journal=off")
        with start(*arguments, environment=faults.environment()) as process:
            listens = bool(process.stdout.readline())
            faults.heal()
            process.kill()
        if not rule.injected:
            break
        version, rows = dump(database)
        assert version in ((VERSION,) if listens else (2, VERSION))
        tables = ("llm_traces", "error_events", "dead_letters")
        were = {table: old[1][table] for table in tables}
        assert as_before(rows, were) == were
        opened(database)
        assert dump(database)[0] == VERSION


def test_a_lock_is_no_failed_upgrade(before, database):
    old = before("v2", database)
    with Lock(database), pytest.raises(Unusable, match="is locked"):
        opened(database)
    assert not [name for name in others(database) if name.startswith("t.db.v")]
    assert dump(database) == old
    opened(database)
    assert dump(database)[0] == VERSION


def test_nobody_else_writes_between_the_copy_and_the_upgrade(before, database, monkeypatch):
    before("v2", database)
    tried = []

    def copy(*arguments):
        rows = copying.copy(*arguments)
        with closing(sqlite3.connect(database, timeout=0.01)) as other:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("DELETE FROM llm_traces")
            tried.append(other.execute("SELECT count(*) FROM llm_traces").fetchone())
        return rows

    monkeypatch.setattr(upgrade, "copy", copy)
    opened(database)
    assert tried == [(33,)]


def test_a_reader_is_no_hurdle(before, database, monkeypatch):
    old = before("v2-killed", database)
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("BEGIN")
        seen = reader.execute("SELECT * FROM llm_traces ORDER BY 1").fetchall()
        fails_then_succeeds(database, old, monkeypatch)
        assert reader.execute("SELECT * FROM llm_traces ORDER BY 1").fetchall() == seen
    assert dump(database)[0] == VERSION


def test_a_large_copy_tells_how_far_it_is(before, database, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    before("v2", database)
    monkeypatch.setattr(copying, "PAGES", 5)
    monkeypatch.setattr(upgrade, "PROGRESS_SECONDS", 0)
    opened(database)
    assert "copying the database before its upgrade: 0 of 0 MB" in caplog.text


@pytest.mark.parametrize("name", ["v1", "v2"])
def test_a_command_that_reads_upgrades_nothing(name, database):
    unpack(name, database)
    old = Path(database).read_bytes()
    failed = run("dead-letters", "list", f"--db={database}")
    assert f"has schema version {name[1]}; start the service on it" in failed.stderr
    assert Path(database).read_bytes() == old


KILL = """
import os, signal, sqlite3, sys
from server.store import migrate, upgrade
from server.store.writer import SqliteStore

path, what, when, nth, fails = sys.argv[1:]
left = int(nth)

def killing(call):
    def killing(*arguments, **options):
        global left
        left -= 1
        if left == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*arguments, **options)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return killing

if fails == "yes":
    last = (*migrate.MIGRATIONS[-1], "no SQL")
    migrate.MIGRATIONS = (*migrate.MIGRATIONS[:-1], last)
where = {"os": os, "upgrade": upgrade}[what.partition(".")[0]]
name = what.partition(".")[2]
setattr(where, name, killing(getattr(where, name)))
SqliteStore(path).open()
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v1-killed", "v2"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("what", "nth", "fails", "reading"),
    [
        ("upgrade.copy", 1, "no", False),
        ("upgrade.migrate", 1, "no", False),
        ("upgrade.count_rows", 1, "no", False),
        ("os.rename", 1, "no", False),
        ("upgrade.sync", 1, "no", False),
        ("upgrade.sync", 1, "no", True),
        ("os.rename", 1, "yes", False),
        ("os.rename", 1, "yes", True),
        ("upgrade.sync", 1, "yes", False),
        ("os.unlink", 5, "yes", True),  # four are of what an older try may have left
        ("os.unlink", 6, "yes", True),
    ],
)
def test_a_kill_at_any_moment_leaves_the_old_state_for_the_next_start(
    what, nth, fails, when, reading, name, before, database
):
    version, rows = before(name, database)
    with closing(sqlite3.connect(database)) as reader:
        if reading:  # so that closing the file does not copy its log into it
            reader.execute("SELECT * FROM totals").fetchone()
        command = [sys.executable, "-c", KILL, database, what, when, str(nth), fails]
        killed = subprocess.run(command, capture_output=True, text=True, timeout=30)
        if not reading:
            reader.close()
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert dump(database) == (version, rows)
        opened(database)
    after, now = dump(database)
    assert after == VERSION
    assert as_before(now, rows) == rows
    copies = [one for one in others(database) if one.endswith((".tmp", ".bak"))]
    assert len(copies) in (1, 2)  # a kill between the copy's rename and the commit leaves one more


@pytest.mark.slow
def test_a_stop_amid_the_copy_does_not_wait_for_it(faults, before, database):
    old = before("v2-killed", database)
    rule = faults.slow("write", seconds=30, only="*.tmp")
    with start("--port=0", f"--db={database}", environment=faults.environment()) as process:
        wait_until(lambda: rule.held, "the copy to hang")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    faults.heal()
    assert dump(database) == old
    opened(database)
    assert dump(database)[0] == VERSION


@pytest.mark.parametrize("name", OLDER)
def test_a_copy_that_a_kill_left_half_written_is_written_over(name, before, database):
    old = before(name, database)
    for end in copying.ENDS:
        Path(f"{database}.v{old[0]}.tmp{end}").write_bytes(b"half" * 10_000)
    opened(database)
    (kept,) = others(database)
    assert dump(Path(database).with_name(kept)) == old


def test_two_copies_in_a_second_have_two_names(before, database, monkeypatch):
    monkeypatch.setattr(time, "gmtime", lambda: (2026, 1, 2, 3, 4, 5, 0, 0, 0))
    for _ in range(2):
        before("v2", database)
        opened(database)
    assert others(database) == ["t.db.v2-20260102T030405Z-2.bak", "t.db.v2-20260102T030405Z.bak"]


def test_an_older_database_put_in_place_of_a_running_one_is_upgraded(before, database, tmp_path):
    trace = Normaliser(1000, 1000).trace(TRACE, "native")
    with closing(SqliteStore(database)) as store:
        store.open()
        store.write([trace])
        before("v2", tmp_path / "old.db")
        os.rename(tmp_path / "old.db", database)
        with pytest.raises(Exception, match="deleted or replaced"):
            store.tend()
        assert store.write([trace]).persisted == {"trace": 1}
    assert dump(database)[0] == VERSION
