"""A file that cannot be used is refused and left as it was, or set aside where one asks for it."""

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from server.normalise import Normaliser
from server.store import Damaged, Unusable, check
from server.store.writer import SqliteStore

from .conftest import read_rows

NORMALISER = Normaliser(100_000, 1000)
HINT = "; --set-aside-damaged renames it and goes on"
PAGE = 16384


def trace(**members):
    return NORMALISER.trace({"provider": "openai", "model": "gpt-4o", **members}, "native")


def ours(path, *, unclean=False):
    """A database with 410 rows; `unclean`: ten of them in its log, as a crash leaves it."""
    store = SqliteStore(str(path))
    store.open()
    store.write([trace(input_text="x" * 2000) for _ in range(400)])
    store._link.open().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.write([trace(event_id=f"logged{n}", input_text="y" * 20_000) for n in range(10)])
    if unclean:
        crashed = {end: Path(f"{path}{end}").read_bytes() for end in ("", "-wal")}
    store.close()
    if unclean:
        for end, content in crashed.items():
            Path(f"{path}{end}").write_bytes(content)


def overwrite(path, offset, content):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


def contents(path):
    """The file and its log."""
    return {
        end: Path(f"{path}{end}").read_bytes()
        for end in ("", "-wal")
        if Path(f"{path}{end}").is_file()
    }


def opened(path, **options):
    store = SqliteStore(str(path), **options)
    store.open()
    return store


def integrity(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA integrity_check").fetchone()[0]


def garbage(path):
    path.write_bytes(b"no database, but long enough to have had a header" * 100)


def short(path):
    path.write_bytes(b"SQLite format 3\0")


def truncated(path):
    ours(path)
    os.truncate(path, path.stat().st_size // 2)


def beheaded(path):
    ours(path)
    overwrite(path, 0, bytes(50))


def garbled(path):
    """The name of a table is no text, and SQLite quotes it in its message."""
    ours(path)
    for found in (b"error_eventserror_events", b"CREATE TABLE error_events"):
        overwrite(path, path.read_bytes().index(found), b"\xaa" * 6)


def garbage_with_a_log(path):
    ours(path, unclean=True)
    overwrite(path, 0, b"no" * PAGE)
    overwrite(f"{path}-wal", 0, b"no log either, to find the pages in")


def damaged_page(path):
    """A page of rows, which the log does not have, overwritten."""
    ours(path, unclean=True)
    overwrite(path, path.stat().st_size - 20 * PAGE, b"\xff" * PAGE)


def half(path):
    ours(path, unclean=True)
    os.truncate(path, path.stat().st_size // 2)


def changed(sql):
    """A database of ours, on which `sql` was run."""

    def make(path):
        ours(path)
        with closing(sqlite3.connect(path)) as db:
            db.execute(sql)

    make.__name__ = sql
    return make


newer = changed("PRAGMA user_version = 99")


DAMAGED = [
    (garbage, "no SQLite database"),
    (short, "no SQLite database"),
    (truncated, "malformed"),
    (garbled, "is damaged: its schema is no text"),
    (beheaded, "no SQLite database"),
    (garbage_with_a_log, "no SQLite database"),
    (damaged_page, "is damaged: "),
    (half, "is damaged"),
    (changed("DROP TABLE error_events"), "is damaged: no such table: error_events"),
    (changed("DROP TABLE dead_letters"), "is damaged: no such table: dead_letters"),
    (changed("DROP TABLE totals"), "is damaged: no such table: totals"),
    (changed("ALTER TABLE llm_traces DROP COLUMN agent"), "is damaged: no such column: agent"),
]
NAMES = [make.__name__ for make, _ in DAMAGED]


@pytest.mark.parametrize(("make", "said"), DAMAGED, ids=NAMES)
def test_a_damaged_file_is_refused_with_a_hint_and_left_as_it_was(make, said, tmp_path):
    path = tmp_path / "t.db"
    make(path)
    before = contents(path)
    with pytest.raises(Damaged, match=said) as caught:
        opened(path)
    assert str(caught.value).endswith(HINT)
    assert "\n" not in str(caught.value)
    assert contents(path) == before


@pytest.mark.parametrize("make", [make for make, _ in DAMAGED], ids=NAMES)
def test_a_damaged_file_is_set_aside_with_its_log(make, tmp_path, caplog):
    path = tmp_path / "t.db"
    make(path)
    before = contents(path)
    with open(f"{path}-shm", "wb") as index:  # held, so that its number is not given again
        store = opened(path, set_aside_damaged=True)
        assert not os.path.samestat(os.stat(f"{path}-shm"), os.fstat(index.fileno()))
    assert store.write([trace()]).persisted == {"trace": 1}
    store.close()
    (aside,) = (p for p in tmp_path.glob("t.db.damaged-????????T??????Z"))
    assert contents(aside) == before
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] != []
    assert str(aside) in caplog.text
    assert integrity(path) == "ok"
    assert len(list(tmp_path.iterdir())) == 1 + len(before)


def foreign(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")


def foreign_with_a_log(path):
    with closing(sqlite3.connect(f"{path}.o")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE theirs (x)")
        for end in ("", "-wal"):
            shutil.copy(f"{path}.o{end}", f"{path}{end}")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (foreign, "another program"),
        (foreign_with_a_log, "another program"),
        (newer, "has schema version 99, from a newer tokenweir; this one knows 4"),
        (lambda path: path.mkdir(), "is a directory"),
        (os.mkfifo, "is no regular file"),
    ],
    ids=["foreign", "foreign log", "newer", "directory", "pipe"],
)
def test_what_is_not_damaged_is_never_set_aside(make, said, tmp_path):
    path = tmp_path / "t.db"
    make(path)
    before, names = contents(path), set(tmp_path.glob("t.db*damaged*"))
    with pytest.raises(Unusable, match=said) as caught:
        opened(path, set_aside_damaged=True)
    assert not isinstance(caught.value, Damaged)
    assert (contents(path), set(tmp_path.glob("t.db*damaged*"))) == (before, names)


def test_what_is_refused_gets_no_log_beside_it(tmp_path):
    path = tmp_path / "t.db"
    newer(path)
    with pytest.raises(Unusable):
        opened(path)
    assert [p.name for p in tmp_path.iterdir()] == ["t.db"]


def test_a_second_damage_in_the_same_second_overwrites_nothing(tmp_path, monkeypatch):
    path = tmp_path / "t.db"
    monkeypatch.setattr(time, "gmtime", lambda: (2026, 1, 2, 3, 4, 5, 0, 0, 0))
    for number in range(3):
        path.write_bytes(b"damage %d" % number * 100)
        opened(path, set_aside_damaged=True).close()
    for name, number in (("", 0), ("-2", 1), ("-3", 2)):
        aside = tmp_path / f"t.db.damaged-20260102T030405Z{name}"
        assert aside.read_bytes().startswith(b"damage %d" % number)


def test_a_damaged_file_behind_a_link_is_set_aside_where_it_lies(tmp_path):
    (tmp_path / "there").mkdir()
    garbage(tmp_path / "there" / "t.db")
    (tmp_path / "t.db").symlink_to("there/t.db")
    opened(tmp_path / "t.db", set_aside_damaged=True).close()
    assert (tmp_path / "t.db").is_symlink()
    assert integrity(tmp_path / "there" / "t.db") == "ok"
    assert len(list((tmp_path / "there").glob("t.db.damaged-*"))) == 1


def test_the_log_of_a_file_behind_a_link_is_seen(tmp_path):
    (tmp_path / "there").mkdir()
    damaged_page(tmp_path / "there" / "t.db")
    (tmp_path / "t.db").symlink_to("there/t.db")
    with pytest.raises(Damaged):
        opened(tmp_path / "t.db")


def test_what_cannot_be_set_aside_is_said(tmp_path, monkeypatch):
    garbage(tmp_path / "t.db")

    def rename(*names):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(Unusable, match=r"cannot be set aside \(Permission denied\)"):
        opened(tmp_path / "t.db", set_aside_damaged=True)


def test_damage_that_a_migration_finds_is_damage_too(tmp_path):
    path = tmp_path / "t.db"
    ours(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 2")
        db.execute("DROP INDEX dead_letters_by_event")
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'dead_letters'")
        number = page.fetchone()[0]
    overwrite(path, (number - 1) * PAGE, b"\xff" * PAGE)
    with pytest.raises(Damaged, match="malformed"):
        opened(path)
    opened(path, set_aside_damaged=True).close()


def test_after_a_crash_the_pages_are_checked_and_the_log_is_used(tmp_path, monkeypatch, caplog):
    path = tmp_path / "t.db"
    ours(path, unclean=True)
    monkeypatch.setattr(check, "LARGE", 2**20)
    caplog.set_level(logging.INFO)
    opened(path).close()
    assert "the last stop was no clean one: checking 1 MB" in caplog.text
    assert len(read_rows(path, "llm_traces")) == 410


def test_after_a_clean_stop_no_page_is_checked(tmp_path, monkeypatch, caplog):
    path = tmp_path / "t.db"
    ours(path)
    monkeypatch.setattr(check, "_check_pages", None)
    opened(path).close()
    assert caplog.text == ""


def test_a_damaged_log_is_used_up_to_the_damage(tmp_path):
    path = tmp_path / "t.db"
    ours(path, unclean=True)
    overwrite(f"{path}-wal", Path(f"{path}-wal").stat().st_size // 2, b"\xff" * 1000)
    store = opened(path)
    assert store.write([trace()]).persisted == {"trace": 1}
    store.close()
    assert len(read_rows(path, "llm_traces")) == 401  # the ten were one commit
    assert integrity(path) == "ok"


def test_an_emptied_database_beside_its_log_is_refused(tmp_path):
    path = tmp_path / "t.db"
    ours(path, unclean=True)
    os.truncate(path, 0)
    with pytest.raises(Damaged, match="is empty, and the write-ahead log beside it is not"):
        SqliteStore(str(path)).open()


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("end", ["", "-wal"])
def test_a_file_that_may_only_be_read_is_refused(end):
    with tempfile.TemporaryDirectory() as there:
        path = Path(there) / "t.db"
        ours(path, unclean=True)
        os.chmod(there, 0o777)  # noqa: S103 another user is to make files there
        for one in Path(there).iterdir():
            one.chmod(0o444 if one.name == f"t.db{end}" else 0o666)
        done = subprocess.run(
            [sys.executable, "-c", OPEN, str(path)], capture_output=True, text=True, timeout=30
        )
    assert done.stderr.startswith("it cannot be opened; may we read and write it")


def test_what_cannot_even_be_read_is_not_set_aside(tmp_path, monkeypatch):
    path = tmp_path / "t.db"
    path.write_bytes(b"damaged" * 1000)

    def unreadable(*arguments, **options):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("builtins.open", unreadable)
    with pytest.raises(Unusable, match=r"cannot be read .*Input/output error"):
        SqliteStore(str(path), set_aside_damaged=True).open()
    assert list(tmp_path.iterdir()) == [path]


def test_a_log_without_its_database_is_not_taken_up_by_a_new_one(tmp_path):
    path = tmp_path / "t.db"
    ours(path, unclean=True)
    path.unlink()
    store = opened(path)
    store.write([trace(event_id="a")])
    store.close()
    assert [row["event_id"] for row in read_rows(path, "llm_traces")] == ["a"]
    assert integrity(path) == "ok"


def test_an_empty_file_becomes_a_database(tmp_path):
    (tmp_path / "t.db").touch()
    opened(tmp_path / "t.db").close()
    assert integrity(tmp_path / "t.db") == "ok"


def test_a_link_to_nothing_becomes_a_database_there(tmp_path):
    (tmp_path / "t.db").symlink_to("real.db")
    opened(tmp_path / "t.db").close()
    assert integrity(tmp_path / "real.db") == "ok"


def test_a_path_of_odd_characters_is_looked_at(tmp_path):
    path = tmp_path / "a?mode=rw#%41 ü.db"
    ours(path, unclean=True)
    opened(path).close()
    newer(tmp_path / "b?.db")
    with pytest.raises(Unusable, match="newer"):
        opened(tmp_path / "b?.db")


def test_a_file_that_another_process_holds_is_said(tmp_path, monkeypatch):
    path = tmp_path / "t.db"
    ours(path, unclean=True)
    monkeypatch.setattr(check, "PATIENCE_SECONDS", 0.05)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("SELECT count(*) FROM totals").fetchone()
        with pytest.raises(Unusable, match="is locked, or being recovered, by another process"):
            opened(path)


OPEN = """
import os, sys, urllib.parse  # for Path.as_uri: the other may not read the interpreter's library
from server.store import Unusable
from server.store.writer import SqliteStore
os.setgid(65534), os.setuid(65534)
store = SqliteStore(sys.argv[1])
try:
    store.open()
except Unusable as error:
    sys.exit(f"it {error}")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
@pytest.mark.parametrize(
    ("directory", "file", "said"),
    [
        (0o777, 0o000, "cannot be opened; may we read and write it, and its directory?"),
        (0o755, 0o666, "cannot be opened; may we read and write it, and its directory?"),
        (0o700, 0o666, "is out of reach (Permission denied)"),
    ],
    ids=["unreadable", "directory not writable", "directory not searchable"],
)
@pytest.mark.parametrize("unclean", [False, True])
def test_what_may_not_be_opened_is_said(unclean, directory, file, said):
    with tempfile.TemporaryDirectory() as there:  # tmp_path lies where only we get
        path = Path(there) / "t.db"
        ours(path, unclean=unclean)
        os.chmod(there, directory)
        path.chmod(file)
        done = subprocess.run(
            [sys.executable, "-c", OPEN, str(path)], capture_output=True, text=True, timeout=30
        )
    assert (done.stderr, done.returncode) == (f"it {said}\n", 1)


def test_a_read_that_fails_once_is_no_damage(database, monkeypatch):
    looks = []

    def look(path, *, thorough):
        looks.append(path)
        if len(looks) == 1:
            raise Damaged("is damaged: database disk image is malformed")

    monkeypatch.setattr("server.store.link.look", look)
    store = SqliteStore(database, set_aside_damaged=True)
    store.open()
    store.close()
    assert [path.name for path in Path(database).parent.iterdir()] == ["t.db"]
