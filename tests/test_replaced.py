"""The database's files deleted or replaced under an open store: noticed, and nothing mixed up."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from server.normalise import Normaliser
from server.store import Mark, Unavailable, check
from server.store.writer import SqliteStore

from .conftest import read_rows, reconnect

NORMALISER = Normaliser(1000, 1000)
GONE = "the database file was deleted or replaced"
READER = """
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
if sys.argv[2] == "snapshot":
    db.execute("BEGIN")
print(db.execute("SELECT count(*) FROM llm_traces").fetchone(), flush=True)
sys.stdin.read()
"""


def trace(**members):
    return NORMALISER.trace({"provider": "openai", "model": "gpt-4o", **members}, "native")


class Doubtful(sqlite3.Connection):
    """Its COMMIT fails."""

    def execute(self, sql, *values):
        return super().execute("no SQL" if sql == "COMMIT" else sql, *values)


class Stuck(sqlite3.Connection):
    """Cannot checkpoint."""

    stuck = True

    def execute(self, sql, *values):
        return super().execute("no SQL" if self.stuck and "checkpoint" in sql else sql, *values)


@contextmanager
def reading(path, what="idle"):
    """Another process that has the database open, or a snapshot of it."""
    process = subprocess.Popen(
        [sys.executable, "-c", READER, path, what], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith(b"(")
        yield
    finally:
        process.kill()
        process.communicate()


def ids(path):
    """The event ids in a whole database."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return [row["event_id"] for row in read_rows(path, "llm_traces")]


def written_after(store, path):
    """What is in the file after its change, with an event that is written then."""
    call = [trace(event_id="after")], Mark("a", 2)
    with pytest.raises(Unavailable, match=GONE):
        store.write(*call)
    assert store.safe is None
    assert store.write(*call).persisted == {"trace": 1}
    assert store.marks().get("a", 0) < 2  # what was settled in the old file is not in this one
    store.write([], Mark("of the new file", 1))
    assert store.marks() == {"of the new file": 1}
    store.close()
    return ids(path)


@pytest.fixture
def filled(opened):
    """The store with the event `before`, which stands in the log."""
    opened.write([trace(event_id="before")], Mark("a", 1))
    opened.safe = Mark("a", 1)
    return opened


@pytest.fixture
def older(database, tmp_path):
    """An older copy of a database, with the event `older`."""
    path = str(tmp_path / "older.db")
    store = SqliteStore(path)
    store.open()
    store.write([trace(event_id="older")], Mark("b", 9))
    store.close()
    return path


@pytest.mark.parametrize("reader", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_deleted_file_is_made_anew(reader, filled, database):
    if reader:
        with reading(database, "snapshot"):
            filled.write([trace(event_id="held")])  # so that the log cannot be emptied
            os.unlink(database)
            assert written_after(filled, database) == ["after"]
    else:
        os.unlink(database)
        assert written_after(filled, database) == ["after"]


def test_a_deleted_directory_is_waited_for(tmp_path):
    path = tmp_path / "there" / "t.db"
    path.parent.mkdir()
    store = SqliteStore(str(path))
    store.open()
    store.write([trace()])
    shutil.rmtree(path.parent)
    with pytest.raises(Unavailable, match=GONE):
        store.tend()
    with pytest.raises(Unavailable, match="does its directory exist"):
        store.tend()
    path.parent.mkdir()
    store.write([trace(event_id="after")])
    store.close()
    assert ids(str(path)) == ["after"]


@pytest.mark.parametrize("reader", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_older_copy_in_its_place_is_written_on(reader, filled, database, older):
    if reader:
        with reading(database, "snapshot"):
            filled.write([trace(event_id="held")])
            os.replace(older, database)
            assert written_after(filled, database) == ["older", "after"]
    else:
        os.replace(older, database)
        assert written_after(filled, database) == ["older", "after"]


def test_a_copy_that_comes_with_its_own_log_keeps_it(filled, database, older):
    with reading(older):  # so that its log stays
        copy = SqliteStore(older)
        copy.open()
        copy.write([trace(event_id="logged")])
        for end in ("", "-wal"):
            shutil.copy(older + end, f"{database}.new{end}")
    os.replace(f"{database}.new-wal", f"{database}-wal")
    os.unlink(f"{database}-shm")
    os.replace(f"{database}.new", database)
    assert written_after(filled, database) == ["older", "logged", "after"]
    copy.close()


def test_garbage_in_its_place_is_left_alone_until_a_database_is_back(filled, database, older):
    garbage = b"no database, but long enough to have had a header" * 100
    Path(f"{database}.bad").write_bytes(garbage)
    os.replace(f"{database}.bad", database)
    with pytest.raises(Unavailable, match=GONE):
        filled.write([trace(event_id="after")])
    for _ in range(2):
        with pytest.raises(Unavailable, match="no SQLite database"):
            filled.write([trace(event_id="after")])
    assert Path(database).read_bytes() == garbage
    os.replace(older, database)
    assert filled.write([trace(event_id="after")]).persisted == {"trace": 1}
    filled.close()
    assert ids(database) == ["older", "after"]


def test_a_file_that_was_moved_away_has_its_rows(filled, database):
    os.rename(database, f"{database}.moved")
    assert written_after(filled, database) == ["after"]
    assert ids(f"{database}.moved") == ["before"]


def test_a_link_that_leads_elsewhere_is_a_replaced_file(tmp_path, older):
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "t.db")
    store = SqliteStore(str(link))
    store.open()
    store.write([trace(event_id="before")], Mark("a", 1))
    link.unlink()
    link.symlink_to(older)
    assert written_after(store, str(link)) == ["older", "after"]
    assert ids(str(tmp_path / "t.db")) == ["before"]


@pytest.mark.slow
def test_the_log_of_a_file_behind_a_link_is_not_taken_up_by_another(tmp_path, older):
    (tmp_path / "there").mkdir()
    link, path = tmp_path / "link.db", tmp_path / "there" / "t.db"
    link.symlink_to(path)
    store = SqliteStore(str(link))
    store.open()
    store.write([trace(event_id="before")], Mark("a", 1))
    with reading(str(path), "snapshot"):
        store.write([trace(event_id="held")])
        os.replace(older, path)
        assert written_after(store, str(link)) == ["older", "after"]


def test_tending_and_closing_notice_it_too(filled, database, older):
    os.replace(older, database)
    with pytest.raises(Unavailable, match=GONE):
        filled.tend()
    filled.tend()
    os.unlink(database)
    filled.close()
    assert filled.safe is None
    assert not list(Path(database).parent.glob("t.db*"))


def test_a_file_replaced_while_no_connection_is_open_is_noticed(filled, database, older):
    with reading(database):
        filled._link.forget()  # as after a failure; the log stays for the reader
        os.replace(older, database)
    assert written_after(filled, database) == ["older", "after"]


def test_files_that_have_taken_the_numbers_of_removed_ones_are_not_ours(filled, database):
    files, log = filled._link._files, Path(f"{database}-wal")
    log.rename(f"{database}-aside")
    files.closed()
    Path(f"{database}-aside").rename(log)
    files.remove_left()
    assert log.exists()
    assert not Path(f"{database}-shm").exists()


def test_a_log_that_came_while_no_connection_was_open_stays(filled, database, tmp_path):
    files, log = filled._link._files, Path(f"{database}-wal")
    files.closed()
    (tmp_path / "theirs").write_text("log")
    (tmp_path / "theirs").replace(log)
    files.remove_left()
    assert log.read_text() == "log"


def test_a_commit_in_doubt_is_forgotten_with_its_file(filled, database, older):
    batch = [trace(event_id="after")]
    reconnect(filled, Doubtful)
    with pytest.raises(Unavailable):
        filled.write(batch)
    os.replace(older, database)
    with pytest.raises(Unavailable, match=GONE):
        filled.write(batch)
    assert filled._doubt is None
    assert filled.write(batch).persisted == {"trace": 1}


@pytest.mark.parametrize("end", ["-wal", "-shm"])
@pytest.mark.parametrize("reader", [False, True])
def test_a_deleted_log_costs_no_row(reader, end, filled, database):
    def delete_and_write():
        os.unlink(database + end)
        assert filled.write([trace(event_id="after")]).persisted == {"trace": 1}
        assert Path(f"{database}-wal").stat().st_size > 0
        assert filled.write([trace(event_id="later")]).persisted == {"trace": 1}

    if reader:
        with reading(database):
            delete_and_write()
            shutil.copy(database, f"{database}.copy")  # as if the machine stopped here
            shutil.copy(f"{database}-wal", f"{database}.copy-wal")
        assert ids(f"{database}.copy") == ["before", "after", "later"]
    else:
        delete_and_write()
    filled.close()
    assert ids(database) == ["before", "after", "later"]


@pytest.mark.slow
def test_a_deleted_log_that_a_reader_holds_is_waited_for(filled, database):
    with reading(database, "snapshot"):
        filled.write([trace(event_id="held")])
        os.unlink(f"{database}-wal")
        for _ in range(2):
            with pytest.raises(Unavailable, match="a reader holds it"):
                filled.tend()
    filled.tend()
    filled.write([trace(event_id="after")])
    filled.close()
    assert ids(database) == ["before", "held", "after"]


def test_a_deleted_log_that_cannot_be_copied_yet_is_not_given_up(filled, database):
    db = reconnect(filled, Stuck)
    filled.write([trace(event_id="held")])
    os.unlink(f"{database}-wal")
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"cannot be brought back yet \(.*syntax error"):
            filled.write([trace(event_id="after")])
    db.stuck = False
    filled.write([trace(event_id="after")])
    filled.close()
    assert ids(database) == ["before", "held", "after"]


def test_opening_again_checks_no_pages(filled, database, monkeypatch):
    monkeypatch.setattr(check, "_check_pages", None)
    with reading(database):
        filled._link.forget()
        assert Path(f"{database}-wal").stat().st_size > 0
        filled.write([trace()])


def test_a_directory_that_cannot_be_searched_is_no_replaced_file(filled, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", unsearchable)
        with pytest.raises(Unavailable, match="PermissionError"):
            filled.tend()
    assert filled.write([trace(event_id="before")]).deduplicated == {"trace": 1}


def unsearchable(path, **options):
    raise PermissionError(13, "Permission denied", path)
