"""The SQLite store by itself: the file it makes, what it refuses to open, what it counts."""

import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from server.config import Config
from server.disk import Disk
from server.normalise import Normaliser
from server.store import Refused, Unavailable, Unusable
from server.store.faults import translate
from server.store.reader import COLUMNS, FILTERS, find, open_readonly
from server.store.schema import APPLICATION_ID, MIGRATIONS, TABLES
from server.store.writer import SqliteStore

from .conftest import reconnect

NORMALISER = Normaliser(1000, 1000)


def trace(**members):
    return NORMALISER.trace({"provider": "openai", "model": "gpt-4o", **members}, "native")


def error(**members):
    return NORMALISER.error({"error_type": "crash", "message": "no", **members}, "native")


def pragma(path, name):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_file_has_the_settings_of_the_design(opened, database):
    wanted = {"page_size": 16384, "auto_vacuum": 2, "journal_mode": "wal", "user_version": 4}
    assert {name: pragma(database, name) for name in wanted} == wanted


def test_a_commit_is_not_synced_one_by_one(opened):
    assert opened._link.db.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL


def test_after_an_io_error_the_next_write_opens_another_connection(opened):
    class Broken:
        in_transaction = False

        def execute(self, sql, values=()):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

        def close(self):
            pass

    opened._link.forget()
    opened._link.db = Broken()
    with pytest.raises(Unavailable) as caught:
        opened.write([trace()])
    assert caught.value.reason == "io_error"
    assert opened.write([trace()]).persisted == {"trace": 1}


def test_a_batch_of_both_kinds_is_counted_by_kind_and_in_the_totals(opened, database):
    batch = [trace(event_id="a"), error(event_id="a"), trace(event_id="a"), trace()]
    written = opened.write(batch)
    assert written.persisted == {"trace": 2, "error": 1}
    assert written.deduplicated == {"trace": 1, "error": 0}
    opened.write([trace(event_id="a")])
    with closing(sqlite3.connect(database)) as db:
        totals = dict(db.execute("SELECT name, value FROM totals WHERE name <> 'last_batch'"))
    assert totals == {
        "persisted.trace": 2,
        "persisted.error": 1,
        "deduplicated.trace": 2,
        "deduplicated.error": 0,
        "merged.trace": 0,
        "merged.error": 0,
    }


def test_a_batch_over_one_statements_rows_is_written_whole(opened):
    assert opened.write([trace() for _ in range(123)]).persisted == {"trace": 123}


def test_a_failed_batch_leaves_nothing(opened, database):
    bad = trace()._replace(prompt_tokens=2**63)
    with pytest.raises(Refused):
        opened.write([trace(), bad])
    assert opened.write([trace()]).persisted == {"trace": 1}
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT count(*) FROM llm_traces").fetchone() == (1,)


def test_a_lock_is_a_passing_failure(opened, database):
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught:
            opened.write([trace()])
    assert caught.value.reason == "busy"
    opened.write([trace()])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_BUSY, "busy"),
        (sqlite3.SQLITE_FULL, "disk_full"),
        (sqlite3.SQLITE_IOERR | 3 << 8, "io_error"),
        (sqlite3.SQLITE_CORRUPT, "other"),
    ],
)
def test_failures_of_the_file_may_pass(code, reason):
    failure = sqlite3.OperationalError("no")
    failure.sqlite_errorcode = code
    fault = translate(failure)
    assert isinstance(fault, Unavailable)
    assert fault.reason == reason


def test_a_failure_of_no_own_kind_is_the_events_where_the_statements_are_sound(opened, database):
    with closing(sqlite3.connect(database)) as db:
        db.execute(
            "CREATE TRIGGER odd BEFORE INSERT ON llm_traces WHEN new.model = 'odd'"
            " BEGIN SELECT json('{bad'); END"
        )
    with pytest.raises(Refused):
        opened.write([trace(), trace(model="odd")])
    opened.write([trace()])


@pytest.mark.parametrize("failing", ["BEGIN IMMEDIATE", "COMMIT", "totals"])
def test_a_failure_of_no_own_kind_outside_the_events_insert_may_pass(failing, opened, database):
    class Odd(sqlite3.Connection):
        def execute(self, sql, *values):
            if sql == failing:
                super().execute("no SQL")
            return super().execute(sql, *values)

        def executemany(self, sql, values):
            if failing in sql:
                super().execute("no SQL")
            return super().executemany(sql, values)

    reconnect(opened, Odd)
    with pytest.raises(Unavailable, match="syntax error"):
        opened.write([trace()])
    assert opened.write([trace()]).persisted == {"trace": 1}  # on another connection
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT count(*) FROM llm_traces").fetchone() == (1,)


def test_what_sqlite_says_of_an_event_is_not_for_the_log(opened, database):
    with closing(sqlite3.connect(database)) as db:
        db.execute(
            "CREATE TRIGGER odd BEFORE INSERT ON llm_traces"
            " BEGIN SELECT json_extract('{}', new.model); END"
        )
    with pytest.raises(Refused) as caught:
        opened.write([trace(model="secret")])
    assert str(caught.value) == "SQLITE_ERROR"
    assert "secret" in caught.value.detail


def test_a_missing_table_is_the_files_fault_and_may_pass(opened, database):
    with closing(sqlite3.connect(database)) as db:
        db.execute("ALTER TABLE totals RENAME TO elsewhere")
        with pytest.raises(Unavailable):
            opened.write([trace()])
        db.execute("ALTER TABLE elsewhere RENAME TO totals")
    assert opened.write([trace()]).persisted == {"trace": 1}


def test_a_lock_is_no_hurdle_to_opening_a_file_that_is_there(opened, database):
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        second = SqliteStore(database)
        second.open()
        second.close()


def test_closing_leaves_one_file(opened, database, tmp_path):
    opened.write([trace()])
    opened.close()
    assert [path.name for path in tmp_path.iterdir()] == ["t.db"]


def test_closing_leaves_no_log_behind_a_reader_either(opened, database):
    opened.write([trace()])
    with open_readonly(database) as reader:
        reader.execute("SELECT count(*) FROM llm_traces").fetchone()
        opened.close()
        assert Path(f"{database}-wal").stat().st_size == 0


def test_a_store_that_was_never_opened_closes_and_makes_nothing(database, tmp_path):
    SqliteStore(database).close()
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(opened, database):
    with pytest.raises(Unusable, match="readonly"), open_readonly(database) as db:
        db.execute("DELETE FROM llm_traces")


def test_the_size_of_the_log_is_found_through_a_link(opened, database, tmp_path):
    opened.write([trace()])
    link = tmp_path / "link.db"
    link.symlink_to(database)
    assert Disk(str(link)).wal_bytes() > 0


def test_a_missing_directory_is_said(tmp_path):
    with pytest.raises(Unusable, match="does its directory exist"):
        SqliteStore(str(tmp_path / "none" / "t.db")).open()


def test_the_columns_of_events_are_those_of_their_tables(opened, database):
    with closing(sqlite3.connect(database)) as db:
        for kind, table in TABLES.items():
            columns = tuple(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            ours = {"call_key"}  # for the joins alone
            made = ("has_usage",) if kind == "trace" else ()  # table_info leaves it out
            assert (*(name for name in columns if name not in ours), *made) == COLUMNS[kind]


def test_rows_are_found_newest_first_a_page_at_a_time(opened, database):
    opened.write([trace(event_id=str(n), model=f"m{n % 2}") for n in range(10)])
    with open_readonly(database) as db:
        first = find(db, "trace", ("id", "event_id"), {"model": "m1"}, limit=3)
        rest = find(db, "trace", ("event_id",), {"model": "m1"}, before_id=first[-1]["id"])
    assert [row["event_id"] for row in first] == ["9", "7", "5"]
    assert [row["event_id"] for row in rest] == ["3", "1"]


def test_rows_are_found_by_time_of_arrival(opened, database):
    opened.write([trace(event_id=str(n))._replace(created_at=n) for n in range(10)])
    with open_readonly(database) as db:
        found = find(db, "trace", ("event_id",), {}, since_ms=3, until_ms=6)
    assert [row["event_id"] for row in found] == ["5", "4", "3"]


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("filters", [(), ("trace_id",), ("session_id",)])
def test_lists_use_an_index(kind, filters, opened, database):
    with open_readonly(database) as db:
        plans: list[str] = []
        db.set_trace_callback(plans.append)
        find(db, kind, ("id",), dict.fromkeys(filters, "x"), since_ms=None if filters else 1)
        db.set_trace_callback(None)
        plan = db.execute(f"EXPLAIN QUERY PLAN {plans[-1]}").fetchall()
    assert "USING" in plan[0][3], plan
    assert "INDEX" in plan[0][3], plan


def of_version(version, path):
    """A file as that version left it, with a row."""
    with closing(sqlite3.connect(path)) as db:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {version}")
        columns = "event_id, trace_id, created_at, source, provider, model, status"
        db.execute(f"INSERT INTO llm_traces ({columns}) VALUES ('a', 'a', 1, 's', 'p', 'm', 'ok')")
        db.commit()


def test_a_file_of_version_1_migrates_with_its_rows(database):
    of_version(1, database)
    store = SqliteStore(database)
    store.open()
    assert store.write([trace(event_id="a")]).deduplicated == {"trace": 1}
    assert store.set_aside(trace(), "no") == "dead_lettered"
    store.close()
    assert pragma(database, "user_version") == 4


def test_a_file_of_version_2_migrates_with_its_letters_twice_or_broken(database):
    of_version(2, database)
    letters = ['{"event_id": "b"}', '{"event_id": "b"}', "{", "[]"]
    with closing(sqlite3.connect(database)) as db:
        for letter in letters:
            db.execute(
                "INSERT INTO dead_letters (created_at, kind, reason, event)"
                " VALUES (1, 'trace', 'no', ?)",
                (letter,),
            )
        db.commit()
    store = SqliteStore(database)
    store.open()
    assert store.set_aside(trace(event_id="b"), "no") == "deduplicated"
    assert store.set_aside(trace(event_id="c"), "no") == "dead_lettered"
    store.close()
    assert pragma(database, "user_version") == 4
    with closing(sqlite3.connect(database)) as db:
        assert [row[0] for row in db.execute("SELECT event FROM dead_letters")][:4] == letters


def test_every_filter_is_a_column():
    assert set(FILTERS) <= {*COLUMNS["trace"], *COLUMNS["error"]}


def test_the_schema_is_numbered_from_the_first_release():
    assert len(MIGRATIONS) == 4
    assert asdict(Config())["db"] == "./tokenweir.db"
