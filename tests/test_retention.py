"""What is too old or too much goes, in short slices, and nothing else does."""

import math
import os
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from server.disk import Disk
from server.normalise import Normaliser
from server.store import Unavailable, call_numbers
from server.store.reader import open_readonly
from server.store.retention.blanking import EXPIRED
from server.store.retention.limits import Limits
from server.store.writer import SqliteStore
from server.times import now_ms

from .conftest import read_rows, read_totals, reconnect, until
from .locking import Lock
from .test_commits import Doubtful

NORMALISER = Normaliser(100_000, 100_000)
DAY = 86_400.0
MIB = 2**20


def trace(age=0.0, text="what was asked", **members):
    """One that arrived `age` seconds ago."""
    values = {"provider": "openai", "model": "gpt-4o", "input_text": text, "output_text": text}
    return _aged(NORMALISER.trace(values | members, "native"), age)


def error(age=0.0, **members):
    values = {"error_type": "crash", "message": "what went wrong", "stack_trace": "where"}
    return _aged(NORMALISER.error(values | members, "native"), age)


def _aged(event, seconds):
    return event._replace(created_at=_ago(seconds))


def _ago(seconds):
    return now_ms() - int(seconds * 1000)


@pytest.fixture
def limited(database):
    """Opens the database within limits."""
    stores = []

    def limited(**limits):
        store = SqliteStore(database, limits=Limits(**limits))
        store.open()
        stores.append(store)
        return store

    yield limited
    for store in stores:
        store.close()


@pytest.fixture
def capped(limited, database):
    """A store that may use so many bytes of pages, and what one batch adds."""

    def capped(used, room=MIB, **others):
        return limited(
            **others,
            total_bytes=used + 4 * MIB,
            used_bytes=used,
            room_bytes=room,
            log_bytes=MIB,
            measure=Disk(database).total_bytes,
        )

    return capped


def trim(store, most=10_000, is_idle=True):
    """Slices until nothing is left to do; what they deleted."""
    deleted: Counter[str] = Counter()
    for _ in range(most):
        trimmed = store.trim(is_idle)
        deleted += trimmed.deleted
        if not trimmed.more:
            return deleted
    raise AssertionError("there is always something to do")


def keep_within(store, batch):
    """Write, as the consumer does: the next batch waits while a slice is urgent; the last slice."""
    store.write(batch)
    while (trimmed := store.trim(False)).urgent:
        pass
    return trimmed


def ids(database, table="llm_traces"):
    return [row["event_id"] for row in read_rows(database, table)]


def used(store):
    """Bytes of pages in use."""
    pages, free, page = (
        store._link.db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page


def test_rows_older_than_their_days_are_deleted_and_counted(limited, database):
    store = limited(row_seconds=30 * DAY)
    store.write([trace(31 * DAY), error(40 * DAY), trace(29 * DAY, event_id="kept"), error()])
    assert trim(store) == {"trace": 1, "error": 1}
    assert ids(database) == ["kept"]
    assert len(ids(database, "error_events")) == 1
    assert read_totals(database) == {
        "persisted.trace": 2,
        "persisted.error": 2,
        "deleted.trace": 1,
        "deleted.error": 1,
    }


def test_a_slice_that_took_all_that_was_due_leaves_nothing_to_do(limited):
    store = limited(row_seconds=30 * DAY, text_seconds=7 * DAY)
    for age in (31 * DAY, 8 * DAY):  # some always become too old, while events come steadily
        store.write([trace(age)])
        assert not store.trim(False).more
    assert store.trim(False).blanked == 1


@pytest.mark.parametrize("limit", ["row_seconds", "text_seconds"])
def test_what_is_due_for_a_moment_only_is_not_left_to_do_but_is_done(limit, limited, database):
    store = limited(**{limit: DAY})
    store.write([trace(DAY) for _ in range(40)])  # more than the first slice takes
    assert not any(store.trim(False).more for _ in range(20))
    assert not any(row["input_text"] for row in read_rows(database, "llm_traces"))


def test_without_limits_nothing_is_deleted(limited, database):
    store = limited()
    store.write([trace(10_000 * DAY), error(10_000 * DAY)])
    assert not trim(store)
    assert len(ids(database) + ids(database, "error_events")) == 2
    assert read_rows(database, "llm_traces")[0]["input_text"]


def test_a_slice_takes_a_few_rows_the_oldest_first(limited, database):
    store = limited(row_seconds=DAY)
    store.write([trace((2 + n / 100) * DAY, event_id=f"{n:03}") for n in range(100)])
    first = store.trim(False)
    assert first.more
    assert 1 <= first.deleted["trace"] < 50
    left = 100 - first.deleted["trace"]
    assert sorted(ids(database)) == [f"{n:03}" for n in range(left)]
    assert first.oldest["trace"] == min(
        row["created_at"] for row in read_rows(database, "llm_traces")
    )


def test_many_rows_of_one_moment_go_in_slices_too(limited, database):
    store = limited(row_seconds=DAY)
    moment = trace(2 * DAY).created_at
    store.write([trace()._replace(created_at=moment) for _ in range(300)])
    assert store.trim(False).deleted["trace"] < 100
    trim(store)
    assert ids(database) == []


def test_texts_go_sooner_and_the_rest_of_the_row_stays(limited, database):
    store = limited(row_seconds=30 * DAY, text_seconds=7 * DAY)
    store.write([trace(8 * DAY, session_id="s"), trace(6 * DAY), error(8 * DAY), error(6 * DAY)])
    trim(store)
    old, new = read_rows(database, "llm_traces")
    assert (old["input_text"], old["output_text"], old["session_id"]) == (None, None, "s")
    assert new["input_text"] == new["output_text"] == "what was asked"
    old, new = read_rows(database, "error_events")
    assert (old["message"], old["stack_trace"]) == (EXPIRED, None)
    assert (new["message"], new["stack_trace"]) == ("what went wrong", "where")


def test_all_but_the_texts_of_a_row_stays_as_it_was(limited, database):
    store = limited(text_seconds=DAY)
    store.write([trace(2 * DAY, metadata={"n": 1}, cost_usd=0.1), error(2 * DAY, agent="a")])
    before = [read_rows(database, table) for table in ("llm_traces", "error_events")]
    trim(store)
    after = [read_rows(database, table) for table in ("llm_traces", "error_events")]
    gone = {"input_text": None, "output_text": None}, {"message": EXPIRED, "stack_trace": None}
    assert after == [[row[0] | texts] for row, texts in zip(before, gone, strict=True)]


def test_a_column_that_somebody_added_stays_as_it_was(limited, database):
    store = limited(text_seconds=DAY)
    store.write([trace(2 * DAY)])
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute('ALTER TABLE llm_traces ADD COLUMN "my ""note" TEXT')
        db.execute("ALTER TABLE llm_traces ADD COLUMN twice INTEGER AS (id * 2)")
        db.execute('UPDATE llm_traces SET "my ""note" = \'good\'')
    trim(store)
    (row,) = read_rows(database, "llm_traces")
    assert (row["input_text"], row['my "note'], row["twice"]) == (None, "good", 2)


@pytest.mark.parametrize("size", [1000, 4000, 10_000])
def test_the_pages_of_texts_come_free(limited, database, size):
    store = limited(text_seconds=DAY)
    empty = used(store)
    store.write([trace(2 * DAY, text="x" * size) for _ in range(400)])
    before = used(store)
    trim(store)
    assert used(store) - empty < (before - empty) / 3


@pytest.mark.parametrize("table", ["llm_traces", "LLM_Traces"])
def test_a_trigger_on_rows_that_come_does_not_keep_texts(limited, database, table):
    store = limited(text_seconds=DAY)
    store.write([trace(2 * DAY)])
    with closing(sqlite3.connect(database)) as db:
        db.execute(
            f"CREATE TRIGGER no_more BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, ''); END"
        )
    trim(store)
    assert read_rows(database, "llm_traces")[0]["input_text"] is None


def test_texts_are_written_once(limited, database):
    store = limited(text_seconds=DAY)
    store.write([trace(2 * DAY), error(2 * DAY)])
    trim(store)
    store.close()
    store.open()
    before = store._link.db.total_changes
    trim(store)
    assert store._link.db.total_changes == before
    assert store.trim(False).blanked == 2


def test_rows_put_in_behind_the_walk_lose_their_texts_too(limited, database):
    store = limited(text_seconds=DAY)
    store.write([trace(2 * DAY)])
    trim(store)
    store.write([trace(3 * DAY)])  # replayed, or the clock was set back
    trim(store)
    assert [row["input_text"] for row in read_rows(database, "llm_traces")] == [None, None]


def test_a_dead_letter_replayed_by_another_process_loses_its_texts_too(limited, database):
    store = limited(text_seconds=DAY)
    store.write([trace(2 * DAY)])
    trim(store)
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("UPDATE llm_traces SET created_at = created_at - 1000, input_text = 'x'")
        db.execute("INSERT INTO totals VALUES ('dead_letters_replayed.trace', 1)")
        db.execute("COMMIT")
    store.trim(True)
    trim(store)
    assert read_rows(database, "llm_traces")[0]["input_text"] is None


def test_what_is_deleted_is_overwritten_where_its_page_is_written(limited, database):
    store = limited(text_seconds=DAY)
    store.write([trace(2 * DAY, text="x" * 1000 + "very secret")] + [trace() for _ in range(5)])
    trim(store)
    store.checkpoint()
    assert b"very secret" not in Path(database).read_bytes()


def test_dead_letters_go_with_the_rows_of_their_age(limited, database):
    store = limited(row_seconds=30 * DAY)
    for event in (trace(), error(), trace()):
        store.set_aside(event, "refused")
    old = now_ms() - int(31 * DAY * 1000)
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("UPDATE dead_letters SET created_at = ? WHERE id < 3", (old,))
    assert not trim(store)
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT id FROM dead_letters").fetchall() == [(3,)]
    totals = read_totals(database)
    assert totals["dead_letters_expired.trace"] == totals["dead_letters_expired.error"] == 1
    assert totals["dead_lettered.trace"] == 2


def test_texts_of_errors_do_not_wait_for_those_of_traces(limited, database):
    store = limited(text_seconds=DAY)
    store.write([error(2 * DAY)])
    for number in range(4):
        store.write([trace(2 * DAY - number) for _ in range(101)])
        store.trim(False)
    assert read_rows(database, "error_events")[0]["message"] == EXPIRED


def young(database):
    """Rows that are not older than a day."""
    return [row for row in read_rows(database, "llm_traces") if row["created_at"] > _ago(DAY)]


@pytest.mark.slow
def test_texts_letters_and_pages_do_not_wait_for_rows(limited, database):
    store = limited(row_seconds=DAY, text_seconds=DAY / 2)
    store.write([trace(text="x" * 10_000) for _ in range(1000)])
    store.set_aside(trace(), "refused")
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE dead_letters SET created_at = ?", (_ago(2 * DAY),))
        db.execute("DELETE FROM llm_traces")
    before = os.path.getsize(database)
    store.write([trace(DAY * 0.75) for _ in range(10)])
    for _ in range(10):
        store.write([trace(2 * DAY) for _ in range(501)])  # more than one slice takes
        store.trim(False)
    assert len(young(database)) == 10 < len(ids(database))
    with closing(sqlite3.connect(database)) as db:
        assert not db.execute("SELECT * FROM dead_letters").fetchall()
    assert not any(row["input_text"] for row in young(database))
    store.checkpoint()
    assert os.path.getsize(database) < before


def test_a_dead_letter_of_the_future_does_not_hold_back_older_ones(limited, database):
    store = limited(row_seconds=30 * DAY)
    for _ in range(3):
        store.set_aside(trace(), "refused")
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE dead_letters SET created_at = ?", (_ago(31 * DAY),))
        db.execute("UPDATE dead_letters SET created_at = ? WHERE id = 1", (_ago(-DAY),))
    trim(store)
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT id FROM dead_letters").fetchall() == [(1,)]
    assert read_totals(database)["dead_letters_expired.trace"] == 2


def test_over_the_limit_the_oldest_go_and_no_more_than_must(capped, database):
    store = capped(4 * MIB)
    for number in range(200):
        event = (trace if number % 2 else error)(0.0, metadata={"m": "x" * 40_000})
        keep_within(store, [event._replace(created_at=number + 1)])
        assert used(store) <= 4 * MIB
    left = [row["created_at"] for row in read_rows(database, "llm_traces")]
    left += [row["created_at"] for row in read_rows(database, "error_events")]
    assert sorted(left) == list(range(201 - len(left), 201))  # the newest, of both kinds
    assert used(store) > 3 * MIB
    totals = read_totals(database)
    assert 200 - totals["deleted.trace"] - totals["deleted.error"] == len(left)


def test_at_the_limit_the_file_does_not_grow_but_its_pages_are_used_again(capped, database):
    store = capped(4 * MIB)
    for _ in range(100):
        keep_within(store, [trace(text="x" * 16_000) for _ in range(20)])
        assert os.path.getsize(database) <= 5 * MIB
    assert os.path.getsize(database) > 3 * MIB


@pytest.mark.slow
def test_at_the_limit_texts_go_in_their_time_too_and_there_is_nothing_more_to_do(capped, database):
    store = capped(8 * MIB)
    for number in range(60):
        keep_within(store, [trace(2 * DAY - number, text="x" * 4000) for _ in range(30)])
    store.close()
    store = capped(8 * MIB, text_seconds=DAY)
    assert used(store) > 6 * MIB
    looks = [keep_within(store, [trace(text="y" * 4000) for _ in range(5)]) for _ in range(40)]
    assert looks[-1].blanked > 0
    assert [row for row in read_rows(database, "llm_traces") if row["created_at"] < _ago(DAY)]
    trim(store, is_idle=False)
    assert not any(
        row["input_text"] and row["created_at"] < _ago(DAY)
        for row in read_rows(database, "llm_traces")
    )
    for _ in range(20):  # each batch takes it over the mark where rows go
        assert not keep_within(store, [trace(text="y" * 16_000) for _ in range(20)]).more


def test_over_the_limit_dead_letters_and_rows_go_by_age(capped, database):
    store = capped(4 * MIB)
    for _ in range(150):
        store.set_aside(trace(text="x" * 16_000), "refused")
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE dead_letters SET created_at = id * 10")
    store.write([trace()._replace(created_at=number) for number in (5, 1201, 1202)])
    trim(store)
    with closing(sqlite3.connect(database)) as db:
        letters = [row[0] for row in db.execute("SELECT created_at FROM dead_letters ORDER BY id")]
        rows = [row[0] for row in db.execute("SELECT created_at FROM llm_traces")]
    assert 10 < letters[0] < 1200
    assert letters == list(range(letters[0], 1501, 10))
    assert rows == [1201, 1202]


def test_rows_go_before_younger_dead_letters_and_these_too_if_they_must(capped, database):
    store = capped(MIB, room=MIB // 4)
    store.write([trace(60)])
    for _ in range(60):
        store.set_aside(trace(text="x" * 16_000), "refused")
    trim(store)
    assert ids(database) == []
    with closing(sqlite3.connect(database)) as db:
        letters = [row[0] for row in db.execute("SELECT id FROM dead_letters")]
    assert letters
    assert letters == list(range(61 - len(letters), 61))


def test_space_is_given_back_when_idle(limited, database):
    store = limited(row_seconds=DAY, log_bytes=MIB)
    for _ in range(20):
        store.write([trace(2 * DAY, text="x" * 10_000) for _ in range(50)])
    assert Disk(database).total_bytes() > 16 * MIB
    trim(store, most=100)  # a slice frees many pages
    assert Disk(database).total_bytes() < 6 * MIB
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_file_that_gives_nothing_back_is_left_alone(limited, database):
    store = limited(row_seconds=DAY)
    store.write([trace(2 * DAY, text="x" * 10_000) for _ in range(500)])
    store.close()
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA auto_vacuum = NONE")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("VACUUM")
    store.open()
    assert trim(store, most=200) == {"trace": 500}


def test_a_lower_limit_is_reached_in_slices_while_batches_go_on(limited, capped, database):
    store = limited()
    for number in range(40):
        store.write([trace((40 - number) * 60, text="x" * 10_000) for _ in range(20)])
    store.close()
    before = os.path.getsize(database)
    assert before > 12 * MIB
    store = capped(2 * MIB)
    for _ in range(10):
        store.write([trace(text="x" * 100)])
        assert not store.trim(False).urgent  # no batch waits
    trim(store)
    assert os.path.getsize(database) <= 3 * MIB
    assert len([row for row in read_rows(database, "llm_traces") if len(row["input_text"]) < 101])


def test_a_look_tells_how_much_may_be_written_before_the_next(limited, capped):
    unlimited = limited(row_seconds=DAY)
    assert unlimited.trim(False).slack == math.inf
    unlimited.write([trace(2 * DAY)])
    assert unlimited.trim(False).slack == 0  # where one row was due, the next may be
    unlimited.close()
    store = capped(8 * MIB)
    trim(store)  # the row of the other
    before = store.trim(False).slack
    assert 4 * MIB < before < 8 * MIB
    store.write([trace(text="x" * 100_000) for _ in range(10)])
    assert 2_000_000 <= before - store.trim(False).slack < 1.25 * 2_000_000


def test_kills_between_a_batch_and_its_slices_do_not_add_up(capped, database):
    for _ in range(30):
        store = capped(4 * MIB)
        while store.trim(False).urgent:
            pass
        store.write([trace(text="x" * 10_000) for _ in range(20)])
        assert used(store) <= 5 * MIB
        store.close()


@pytest.mark.slow
def test_a_reader_that_holds_the_log_costs_no_rows_but_is_told(capped, database):
    store = capped(8 * MIB)
    store.write([trace()])
    with open_readonly(database) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM llm_traces").fetchone()
        for number in range(200):
            with closing(sqlite3.connect(database)) as db:  # the log grows, the rows do not
                db.execute("UPDATE llm_traces SET input_text = ?", (f"{number}" * 40_000,))
                db.commit()
            assert not store.trim(False).deleted
        assert "a reader holds the write-ahead log" in store.excess
        assert ids(database)
    assert not trim(store)
    assert store.excess is None
    assert Disk(database).wal_bytes() == 0


@pytest.mark.slow
def test_a_locked_database_fails_a_slice_which_is_done_later(limited, database):
    store = limited(row_seconds=DAY)
    store.write([trace(2 * DAY)])
    with Lock(database), pytest.raises(Unavailable, match="locked"):
        store.trim(False)
    assert trim(store) == {"trace": 1}


@pytest.mark.parametrize("holds", [True, False])
def test_a_slice_whose_commit_failed_is_counted_once(limited, database, holds):
    store = limited(row_seconds=DAY)
    store.write([trace(2 * DAY), trace()])
    store.trim(False)
    store.write([trace(2 * DAY)])
    reconnect(store, Doubtful).holds = holds
    with pytest.raises(Unavailable):
        store.trim(False)
    assert trim(store) == {"trace": 1}
    assert read_totals(database)["deleted.trace"] == 2
    assert len(ids(database)) == 1


def test_what_earlier_processes_deleted_is_not_counted_again(limited, database):
    store = limited(row_seconds=DAY)
    store.write([trace(2 * DAY)])
    trim(store)
    store.close()
    assert not trim(limited(row_seconds=DAY))


def test_another_file_at_the_path_has_totals_of_its_own(limited, database):
    store = limited(row_seconds=DAY)
    store.write([trace(2 * DAY)])
    trim(store)
    os.unlink(database)
    with pytest.raises(Unavailable):
        store.trim(False)
    store.write([trace(2 * DAY), trace(2 * DAY)])
    assert not store.trim(False).deleted - Counter(trace=2)
    trim(store)
    assert read_totals(database)["deleted.trace"] == 2


HOUR = 3600.0


def tie(store, row, twins=(), parts=()):
    """Tie ids, and parts by their ages, to the row of that id; None: the parts wait for one."""
    db = store._link.db
    merged = [(event_id, row) for event_id in twins]
    db.executemany("INSERT INTO merged_events VALUES (?, ?, NULL)", merged)
    values = [(f"{row} {age}", row, f"of {row}", _ago(age), '{"of": "a call"}') for age in parts]
    db.executemany("INSERT INTO parts VALUES (?, ?, ?, ?, ?)", values)


def tied(database):
    """The rows that ids of merged reports, and parts, are tied to."""
    with closing(sqlite3.connect(database)) as db:
        sql = "SELECT trace FROM {} ORDER BY trace"
        tables = ("merged_events", "parts")
        return [[row for (row,) in db.execute(sql.format(table))] for table in tables]


def waiting(database):
    """The ids of parts."""
    with closing(sqlite3.connect(database)) as db:
        return [event_id for (event_id,) in db.execute("SELECT event_id FROM parts")]


def test_a_row_takes_its_parts_and_their_ids_along(limited, database):
    store = limited(row_seconds=DAY)
    store.write([trace(2 * DAY, event_id="old"), trace(event_id="young"), error(2 * DAY)])
    tie(store, 1, ["a", "b"], [60, 50])
    tie(store, 2, ["c"], [60])
    tie(store, None, parts=[60])
    assert trim(store) == {"trace": 1, "error": 1}
    assert ids(database) == ["young"]
    assert tied(database) == [[2], [None, 2]]


def test_parts_go_after_an_hour_and_those_that_waited_are_counted(limited, database):
    store = limited()
    store.write([trace(event_id="a"), trace(event_id="b")])
    tie(store, 1, ["a"], [HOUR + 60, HOUR - 60])
    tie(store, None, parts=[HOUR + 70, HOUR + 60, HOUR - 60])
    before = read_rows(database, "llm_traces")
    assert store.trim(True).expired == 2
    assert store.trim(True).expired == 0
    assert tied(database) == [[1], [None, 1]]
    assert read_totals(database)["parts_expired.trace"] == 2
    assert read_rows(database, "llm_traces") == before


@pytest.mark.parametrize("limits", [{"text_seconds": 600.0}, {"row_seconds": 600.0}])
def test_parts_are_kept_no_longer_than_texts_or_rows(limits, limited, database):
    store = limited(**limits)
    tie(store, None, parts=[660, 540])
    trim(store)
    assert waiting(database) == ["None 540"]


def test_many_parts_go_in_slices(limited, database):
    store = limited()
    tie(store, None, parts=[HOUR + 60 + n for n in range(1000)])
    assert 0 < store.trim(True).expired < 100
    trim(store)
    assert waiting(database) == []
    assert read_totals(database)["parts_expired.trace"] == 1000


def keep_keys(store, ages):
    """Keep keys by name, of reports that arrived so many seconds ago."""
    values = [(call_numbers.number(key, _ago(age)), 1) for key, age in ages.items()]
    store._link.db.executemany("INSERT INTO call_keys VALUES (?, ?)", values)


def test_keys_go_when_no_report_asks_for_them_any_more(limited, database):
    store = limited()
    keep_keys(store, {"a": 0, "b": HOUR, "c": 2 * HOUR, "d": 3 * HOUR, "e": 30 * DAY})
    trim(store)
    left = {call_numbers.number(key, _ago(n * HOUR)) for n, key in enumerate("abc")}
    with closing(sqlite3.connect(database)) as db:
        assert {key for (key,) in db.execute("SELECT key FROM call_keys")} == left


def test_a_key_of_many_rows_goes_in_slices_too(limited, database):
    store = limited()
    key = call_numbers.number("the same each time", _ago(4 * HOUR))
    rows = [(key, row) for row in range(1000)] + [(key + 1, 5)]
    store._link.db.executemany("INSERT INTO call_keys VALUES (?, ?)", rows)
    store.trim(True)
    with closing(sqlite3.connect(database)) as db:
        left = db.execute("SELECT count(*), min(trace) FROM call_keys WHERE key = ?", (key,))
        assert left.fetchone() == (984, 16)
    trim(store)
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT count(*) FROM call_keys").fetchone() == (0,)


def test_a_row_that_loses_its_texts_keeps_its_parts_and_whether_it_counts(limited, database):
    store = limited(text_seconds=DAY)
    store.write([trace(2 * DAY, event_id="a"), trace(2 * DAY, event_id="b")])
    tie(store, 2, ["a"], [60])
    store._link.db.execute("UPDATE llm_traces SET counted = 0 WHERE id = 2")
    trim(store)
    assert [(row["id"], row["counted"]) for row in read_rows(database, "llm_traces")] == [
        (1, 1),
        (2, 0),
    ]
    assert tied(database) == [[2], [2]]


def test_what_an_expired_part_said_is_overwritten(limited, database):
    store = limited()
    text = "a secret that was said " * 3
    store._link.db.execute(
        "INSERT INTO parts VALUES ('a', NULL, 'b', ?, ?)", (_ago(2 * HOUR), text)
    )
    trim(store)
    assert store.checkpoint()
    assert text.encode() not in Path(database).read_bytes()


@pytest.mark.slow
def test_over_the_limit_parts_go_by_their_age_and_with_their_rows(capped, database):
    store = capped(4 * MIB)
    for start in range(0, 4000, 100):
        store.write([trace(4000 - start, text="x" * 1000) for _ in range(100)])
        for row in range(start + 1, start + 101):
            tie(store, row, [f"twin {row}"])
    tie(store, None, parts=[3590, 60])
    trim(store)
    rows = [row["id"] for row in read_rows(database, "llm_traces")]
    assert tied(database) == [rows, [None]]
    assert 0 < len(rows) < 4000
    assert read_totals(database)["parts_expired.trace"] == 1


def test_nothing_of_it_reads_a_whole_table(limited):
    store = limited(row_seconds=DAY, text_seconds=HOUR)
    store.write([trace(2 * DAY), error(2 * DAY), trace(2 * HOUR)])
    tie(store, 1, ["a"], [2 * HOUR])
    keep_keys(store, {"k": 4 * HOUR})
    db = store._link.db
    done: list[str] = []
    db.set_trace_callback(done.append)
    trim(store)
    db.set_trace_callback(None)
    looks = {sql for sql in done if sql.lstrip().startswith(("SELECT", "DELETE"))}
    plans = [(sql, row[3]) for sql in looks for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    tables = ("llm_traces", "error_events", "call_keys", "merged_events", "parts")
    whole = [plan for plan in plans if plan[1] in {f"SCAN {table}" for table in tables}]
    assert whole == []
    assert {name for name in tables for sql in looks if f"DELETE FROM {name}" in sql} == {*tables}


class TestService:
    """Within a running service."""

    @pytest.fixture
    def settings(self, database):
        """Rows of an hour ago are there, and they are old."""
        store = SqliteStore(database)
        store.open()
        store.write([trace(3600), error(3600), trace(3600)])
        tie(store, None, parts=[3600, 3700, 60])
        store.close()
        return {"retention_days": 1 / 48}

    @pytest.mark.slow
    @pytest.mark.gen_test
    async def test_old_rows_go_while_it_is_idle_and_are_counted(self, counted, service, database):
        name = "storage_retention_deleted_rows_total"
        await until(lambda: counted(name, kind="trace") == 2)
        await until(lambda: counted(name, kind="error") == 1)
        assert ids(database) == []
        await until(lambda: counted("parts_expired_total") == 2)
        await until(lambda: counted("storage_oldest_event_timestamp_seconds", kind="trace") == 0)

    @pytest.mark.gen_test
    async def test_they_go_between_batches_too(self, post, rows, counted, ledger):
        assert (await post("/v1/traces", {"provider": "openai", "model": "m"})).code == 202
        name = "storage_retention_deleted_rows_total"
        await until(lambda: counted(name, kind="trace") == 2)
        assert len(await rows()) == ledger()["persisted"] == 1
        oldest = "storage_oldest_event_timestamp_seconds"
        await until(lambda: (counted(oldest, kind="trace") or 0) > time.time() - 60)

    @pytest.mark.slow
    @pytest.mark.gen_test
    async def test_the_last_success_and_checkpoints_are_told(self, counted, service):
        before = counted("storage_retention_last_success_timestamp_seconds")
        assert before > time.time() - 60
        await until(lambda: counted("storage_retention_last_success_timestamp_seconds") > before)
        await service.pipeline._writer.checkpoint()
        assert counted("storage_checkpoint_duration_seconds_count", outcome="ok") >= 1
