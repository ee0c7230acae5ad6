"""`tokenweir check`: says what is wrong with a database, and changes nothing."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from server.commands import beside
from server.store.schema import VERSION
from server.store.writer import SqliteStore

from .databases import names, unpack
from .locking import Lock
from .process import run, serving, wait_until
from .test_damage import (
    PAGE,
    beheaded,
    changed,
    damaged_page,
    foreign,
    garbage,
    garbled,
    half,
    newer,
    ours,
    overwrite,
    short,
    truncated,
)

TRACE = {"provider": "openai", "model": "gpt-4o"}


def check(path, *arguments):
    """The findings by check, and the exit status."""
    done = run("check", "--json", *arguments, f"--db={path}")
    assert done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({one["check"] for one in found}) == len(found)
    return {one["check"]: one for one in found}, done.returncode


AS_ANOTHER = """
import contextlib, io, os, sys
from server.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    main()  # imports all that it needs: the other may not read the interpreter's library
os.setgid(65534), os.setuid(65534)
sys.exit(main())
"""


def failed(found):
    return {name for name, one in found.items() if one["level"] == "FAILED"}


def change(path, *statements):
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


@pytest.fixture
def stored(database):
    """A database with traces, errors, dead letters and what became of them."""
    unpack(f"v{VERSION}", database)
    return database


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("upgraded", [False, True])
def test_a_stored_database_is_whole_before_and_after_its_upgrade(name, upgraded, database):
    unpack(name, database)
    if upgraded:
        store = SqliteStore(database)
        store.open()
        store.close()
    found, status = check(database)
    is_old = not upgraded and not name.startswith(f"v{VERSION}")
    assert found.pop("file")["level"] == ("WARNING" if is_old else "ok")
    del found["sqlite"]
    assert {one["level"] for one in found.values()} == {"ok"}, found
    assert status == 0
    assert {
        "pages",
        "layout",
        "indexes",
        "totals",
        "llm_traces",
        "error_events",
        "journal",
        *(("merged_events", "parts") if upgraded or name.startswith("v4") else ()),
    } < found.keys()


def test_a_line_a_check_and_a_sum(stored):
    done = run("check", f"--db={stored}")
    *lines, last = done.stdout.splitlines()
    assert all(line.split(None, 1)[0] in ("ok", "WARNING") for line in lines)
    assert f"ok       file: a database of tokenweir, schema version {VERSION}" in lines
    assert "ok       llm_traces: 33 rows = 33 persisted" in lines
    assert "ok       dead_letters: 1 rows, as the totals say" in lines
    assert last.startswith(f"{stored}: ")
    assert last.endswith(", 0 FAILED")


def test_nothing_is_changed(stored):
    before = Path(stored).read_bytes()
    check(stored)
    assert Path(stored).read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "check_failed", "said"),
    [
        (
            "DELETE FROM llm_traces WHERE id = 2",
            "llm_traces",
            "32 rows, but the totals say 33: 33 persisted",
        ),
        (
            "UPDATE totals SET value = 7 WHERE name = 'persisted.error'",
            "error_events",
            "3 rows, but the totals say 7: 7 persisted",
        ),
        (
            "INSERT INTO totals VALUES ('deleted.trace', 3)",
            "llm_traces",
            "33 rows, but the totals say 30: 33 persisted - 3 deleted",
        ),
        (
            "DELETE FROM dead_letters",
            "dead_letters",
            "trace: 0 rows, but the totals say 1: 3 dead-lettered - 1 replayed - 1 dropped",
        ),
        (
            "INSERT INTO dead_letters VALUES (99, 1, 'odd', '', '{}')",
            "dead_letters",
            "odd: 1 rows, but the totals say 0",
        ),
        ("INSERT INTO totals VALUES ('odd.trace', -1)", "totals", "odd.trace is -1"),
    ],
)
def test_figures_that_do_not_add_up_are_told(statement, check_failed, said, stored):
    change(stored, statement)
    found, status = check(stored)
    assert failed(found) == {check_failed}
    assert said in found[check_failed]["said"]
    assert status == 1


def test_what_belongs_to_a_row_deleted_by_hand_is_told(stored):
    change(
        stored,
        "INSERT INTO merged_events VALUES ('mine', 1, 1), ('lost', 2, NULL), ('lost too', 2, 3)",
        "INSERT INTO parts VALUES ('a', 1, NULL, 1, '{}'), ('b', NULL, 'c', 1, '{}')",
    )
    found, _ = check(stored)
    assert found["merged_events"]["said"] == "3 rows, each of a trace"
    assert found["parts"]["said"] == "2 rows, each of a trace, 1 wait for a call"
    change(
        stored,
        "DELETE FROM llm_traces WHERE id = 2",
        "UPDATE parts SET trace = 2 WHERE event_id = 'a'",
        "INSERT INTO totals VALUES ('deleted.trace', 1)",
    )
    found, status = check(stored)
    assert {found[name]["level"] for name in ("merged_events", "parts")} == {"WARNING"}
    assert found["merged_events"]["said"] == "2 of 3 rows belong to traces that are gone"
    assert found["parts"]["said"] == "1 of 2 rows belong to traces that are gone"
    assert status == 0


def test_what_retention_deleted_and_counted_adds_up(stored):
    change(
        stored,
        "DELETE FROM llm_traces WHERE id IN (1, 2, 3)",
        "INSERT INTO totals VALUES ('deleted.trace', 3), ('dead_letters_expired.trace', 1)",
        "DELETE FROM dead_letters",
        "INSERT INTO totals VALUES ('journal.x', -5)",
        "UPDATE totals SET value = -1 WHERE name = 'last_batch'",
    )
    found, status = check(stored)
    assert found["llm_traces"]["said"] == "30 rows = 33 persisted - 3 deleted"
    assert (failed(found), status) == (set(), 0)


def wrong_index(path):
    """An index with other keys than its rows have: only comparing it with its table tells."""
    ours(path)
    rename = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'llm_traces_by_time'"
    with closing(sqlite3.connect(path)) as db, db:
        for old, new in (("created_at", "latency_ms"), ("latency_ms", "created_at")):
            db.execute("PRAGMA writable_schema = ON")
            db.execute(rename, (old, new))
            db.execute("PRAGMA writable_schema = RESET")
            if new == "latency_ms":
                db.execute("REINDEX llm_traces_by_time")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "where", "said"),
    [
        (garbage, "file", "not a database"),
        (short, "file", "not a database"),
        (beheaded, "file", "not a database"),
        (garbled, "file", "its schema is no text"),
        (truncated, "file", "malformed"),
        (half, "pages", ""),
        (damaged_page, "pages", "damaged: "),
        (wrong_index, "pages", "missing from index llm_traces_by_time"),
        (foreign, "file", "another program"),
        (newer, "file", "from a newer tokenweir"),
        (changed("DROP TABLE error_events"), "file", "no such table: error_events"),
        (changed("DROP TABLE totals"), "file", "no such table: totals"),
        (lambda path: path.touch(), "file", "is empty"),
        (lambda path: None, "file", "does not exist"),
        (lambda path: path.mkdir(), "file", "is a directory"),
        (os.mkfifo, "file", "does not exist"),
    ],
)
def test_damage_fails_in_one_line_a_check(make, where, said, tmp_path):
    path = tmp_path / "t.db"
    make(path)
    found, status = check(path)
    assert where in failed(found), found
    assert said in found[where]["said"]
    assert status == 1
    assert {"sqlite", "journal", "disk"} < found.keys()


def test_quick_leaves_the_indexes_alone(tmp_path):
    wrong_index(tmp_path / "t.db")
    found, status = check(tmp_path / "t.db", "--quick")
    assert found["pages"]["said"].endswith("whole; the indexes were not compared (--quick)")
    assert status == 0


@pytest.mark.slow
@pytest.mark.parametrize("command", [["check"], ["query", "traces"], ["dead-letters", "list"]])
def test_looking_at_an_emptied_database_does_not_cost_its_log(command, database):
    ours(database, unclean=True)
    log = Path(f"{database}-wal").read_bytes()
    os.truncate(database, 0)
    done = run(*command, f"--db={database}")
    assert "is empty" in done.stdout + done.stderr
    assert done.returncode == 1
    assert Path(f"{database}-wal").read_bytes() == log


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
def test_a_file_that_may_not_be_read_fails():
    with tempfile.TemporaryDirectory() as there:  # tmp_path lies where only we get
        unpack(f"v{VERSION}", f"{there}/t.db")
        os.chmod(there, 0o755)  # noqa: S103
        os.chmod(f"{there}/t.db", 0o600)
        command = [sys.executable, "-c", AS_ANOTHER, "check", f"--db={there}/t.db"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    said = "FAILED   file: cannot be read (unable to open database file)"
    assert done.stdout.splitlines()[0] == said
    assert (done.returncode, done.stderr) == (1, "")


def test_a_file_whose_space_is_never_given_back_is_told(stored):
    change(stored, "PRAGMA journal_mode = DELETE")
    with closing(sqlite3.connect(stored, isolation_level=None)) as db:
        db.execute("PRAGMA auto_vacuum = NONE")
        db.execute("PRAGMA page_size = 4096")
        db.execute("VACUUM")
    found, status = check(stored)
    assert found["layout"]["level"] == "WARNING"
    assert "auto_vacuum is not INCREMENTAL" in found["layout"]["said"]
    assert status == 0


def test_a_missing_index_is_told(stored):
    change(stored, "DROP INDEX llm_traces_by_time")
    found, status = check(stored)
    assert (found["indexes"]["level"], status) == ("WARNING", 0)
    said = "index llm_traces_by_time is missing: queries and retention read whole tables"
    assert found["indexes"]["said"] == said


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ((3, 34, 1), "WARNING"),
        ((3, 44, 5), "WARNING"),
        ((3, 44, 6), "ok"),
        ((3, 45, 0), "WARNING"),
        ((3, 50, 6), "WARNING"),
        ((3, 50, 7), "ok"),
        ((3, 51, 2), "WARNING"),
        ((3, 51, 3), "ok"),
        ((3, 53, 0), "ok"),
    ],
)
def test_a_library_with_the_wal_reset_bug_is_told(version, level, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    found = beside.library()
    assert found.level == level
    assert len(found.said) <= 200


@pytest.mark.slow
def test_a_running_service_is_nothing_alarming(database):
    with serving(database) as service:
        service.post("/v1/traces", [TRACE] * 5)
        wait_until(lambda: service.metric("tokenweir_events_persisted_total") == 5, "the rows")
        found, status = check(database)
        assert (failed(found), status) == (set(), 0)
        assert found["journal"]["level"] == "ok"
        assert "hold 0 requests that the database does not" in found["journal"]["said"]
        with Lock(database):
            for _ in range(3):
                service.post("/v1/traces", TRACE)
            found, status = check(database)
            service.process.kill()
            service.process.wait()
        assert (failed(found), status) == (set(), 0)
        assert found["journal"]["level"] == "ok"
        assert "hold 3 requests that the database does not" in found["journal"]["said"]
    found, _ = check(database)
    assert "hold 3 requests" in found["journal"]["said"]
    (segment,) = Path(f"{database}.journal.d").iterdir()
    content = bytearray(segment.read_bytes())
    content[content.index(b"rec", 300) + 40] ^= 1
    segment.write_bytes(content)
    found, status = check(database)
    assert (found["journal"]["level"], status) == ("WARNING", 0)
    assert "bytes are damaged" in found["journal"]["said"]


def test_a_database_that_another_writes_is_read_as_of_one_moment(stored):
    with Lock(stored, "BEGIN IMMEDIATE"):
        found, status = check(stored)
    assert (failed(found), status) == (set(), 0)


def test_a_damaged_page_elsewhere_leaves_the_other_checks_their_say(tmp_path):
    path = tmp_path / "t.db"
    ours(path)
    with closing(sqlite3.connect(path)) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name='dead_letters'")
        number = root.fetchone()[0]
    overwrite(path, (number - 1) * PAGE, b"\xff" * PAGE)
    found, _ = check(path)
    assert failed(found) == {"pages", "dead_letters"}
    assert found["llm_traces"]["level"] == "ok"
