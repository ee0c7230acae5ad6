"""The log is copied into the database as it grows, whatever readers do, and a failure is said."""

import itertools
import os
import sqlite3
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from server.normalise import Normaliser
from server.store import Mark, Unusable, checkpoint
from server.store.reader import open_readonly
from server.store.retention.limits import Limits
from server.store.writer import SqliteStore

PAGES = 60  # a new file takes half of that
NORMALISER = Normaliser(100_000, 1000)


def batch(size=20_000):
    text = {"provider": "openai", "model": "gpt-4o", "input_text": "x" * size}
    return [NORMALISER.trace(text, "native")]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Checkpoints after a few pages."""
    monkeypatch.setattr(checkpoint, "PAGES", PAGES)


@pytest.fixture
def tries(opened):
    """All checkpoints that the store tries."""
    tries: list[str] = []

    def trace(sql):
        if "checkpoint" in sql:
            tries.append(sql)

    opened._link.db.set_trace_callback(trace)
    return tries


@pytest.fixture
def log(database):
    """Pages in the log's file."""
    return lambda: Path(f"{database}-wal").stat().st_size // (16384 + 24)


@contextmanager
def readers(database):
    """One always begins before the other ends, as those of a busy dashboard do."""
    done, begun = threading.Event(), threading.Event()

    def read():
        with ExitStack() as stack:
            each = [stack.enter_context(open_readonly(database)) for _ in range(2)]
            for reader in itertools.cycle(each):
                reader.rollback()
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM totals").fetchone()
                begun.set()
                if done.wait(0.02):
                    return

    thread = threading.Thread(target=read)
    thread.start()
    assert begun.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


class Failing(sqlite3.Connection):
    """Cannot checkpoint, where `fails`."""

    fails = True

    def execute(self, sql, *values):
        if self.fails and "checkpoint(" in sql:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return super().execute(sql, *values)


@pytest.fixture
def failing(monkeypatch):
    """Connections opened from now on cannot checkpoint; the class, to mend them."""
    connect = sqlite3.connect
    monkeypatch.setattr(Failing, "fails", True)
    monkeypatch.setattr(
        sqlite3, "connect", lambda *values, **named: connect(*values, factory=Failing, **named)
    )
    return Failing


def test_under_constant_load_the_log_stays_small_and_its_rows_are_safe(opened, tries, log):
    most = 0
    for number in range(200):
        opened.write(batch(), Mark("a", number))
        most = max(most, log())
    assert PAGES <= most < 2 * PAGES
    assert len(tries) < most * 200 / PAGES
    assert opened.safe.journal == "a"
    assert 180 < opened.safe.number < 200
    names = [os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    assert len([name for name in names if name.endswith("t.db-wal")]) == 1  # SQLite's own


def test_nothing_is_safe_before_a_checkpoint(opened):
    opened.write(batch(10), Mark("a", 1))
    assert opened.safe is None


def test_what_a_reader_holds_up_is_tried_again_only_as_the_log_grows(opened, database, tries, log):
    opened.write(batch(), Mark("a", 0))
    with open_readonly(database) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM llm_traces").fetchone()
        for number in range(1, 100):
            opened.write(batch(), Mark("a", number))
        assert not opened.safe
        assert log() > 8 * PAGES
        assert 2 < len(tries) <= log() / PAGES
        reader.execute("COMMIT")
        before = log()
        for number in range(100, 150):
            opened.write(batch(), Mark("a", number))
    assert opened.safe.number > 100
    assert log() < before + 2 * PAGES  # it started over


def test_a_log_that_a_reader_let_grow_is_cut_when_it_starts_over(database, log):
    store = SqliteStore(database, limits=Limits(log_bytes=4 * PAGES * 16384))
    store.open()
    store.write(batch())
    with open_readonly(database) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM llm_traces").fetchone()
        while log() < 5 * PAGES:
            store.write(batch())
    while log() >= 5 * PAGES:
        store.write(batch())
    assert log() <= 4 * PAGES
    store.close()


def test_closing_makes_safe_what_was_committed_last(opened, database):
    opened.write(batch(10), Mark("a", 1))
    opened.write(batch(10))
    opened.close()
    assert opened.safe == Mark("a", 1)


def test_closing_beside_a_reader_of_old_rows_makes_nothing_safe(opened, database):
    with open_readonly(database) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM llm_traces").fetchone()
        opened.write(batch(10), Mark("a", 1))
        opened.close()
    assert opened.safe is None


def test_a_failing_checkpoint_fails_no_write_but_is_said_until_it_works(failing, database):
    store = SqliteStore(database)
    store.open()
    for number in range(20):
        assert store.write(batch(), Mark("a", number)).persisted == {"trace": 1}
    for _ in range(2):
        store.tend()
        assert (store.trouble or "").startswith("the write-ahead log cannot be copied")
    before = store.safe
    failing.fails = False
    store.tend()
    assert (before, store.safe, store.trouble) == (None, Mark("a", 19), None)
    store.close()


def test_after_a_failed_checkpoint_the_next_commit_tries_again(failing, database):
    store = SqliteStore(database)
    store.open()
    while not store.trouble:
        store.write(batch())
    failing.fails = False
    store.write([], Mark("a", 1))
    assert store.safe == Mark("a", 1)
    store.tend()
    store.close()


def test_a_store_that_cannot_checkpoint_at_the_end_closes_all_the_same(failing, database):
    store = SqliteStore(database)
    store.open()
    store.write(batch(), Mark("a", 1))
    store.close()
    assert (store.safe, store._link.db) == (None, None)


@pytest.mark.parametrize(("setting", "level"), [("NORMAL", 1), ("FULL", 2)])
def test_each_commit_is_synced_where_that_is_asked_for(setting, level, database):
    store = SqliteStore(database, synchronous=setting)
    store.open()
    assert store._link.db
    assert store._link.db.execute("PRAGMA synchronous").fetchone() == (level,)
    store.close()


def test_a_commit_never_checkpoints_by_itself(opened):
    assert opened._link.db.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)


def test_a_filesystem_without_shared_memory_is_refused(database, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3,
        "connect",
        lambda path, **named: connect(f"file:{path}?vfs=unix-dotfile", uri=True, **named),
    )
    with pytest.raises(Unusable, match=r"can have no write-ahead log .*journal mode delete"):
        SqliteStore(database).open()


@pytest.mark.slow
def test_readers_one_after_another_do_not_keep_the_log_from_starting_over(database):
    store = SqliteStore(database, limits=Limits(log_bytes=PAGES * 16384))
    store.open()
    with readers(database):
        for _ in range(600):
            store.write(batch())
            assert os.path.getsize(f"{database}-wal") < 6 * PAGES * 16384
    store.close()
