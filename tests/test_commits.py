"""What a transaction leaves of itself: the journal's mark, and a token for a COMMIT in doubt."""

import sqlite3
from contextlib import closing

import pytest

from server.normalise import Normaliser
from server.store import Mark, Refused, Unavailable
from server.store.writer import SqliteStore

from .conftest import read_rows, reconnect

NORMALISER = Normaliser(1000, 1000)


def trace(**members):
    return NORMALISER.trace({"provider": "openai", "model": "gpt-4o", **members}, "native")


def totals(database):
    with closing(sqlite3.connect(database)) as db:
        return dict(db.execute("SELECT name, value FROM totals WHERE name <> 'last_batch'"))


class Doubtful(sqlite3.Connection):
    """Its next COMMIT fails, and holds where `holds`."""

    holds: bool | None = None

    def execute(self, sql, *values):
        if sql != "COMMIT" or self.holds is None:
            return super().execute(sql, *values)
        super().execute("COMMIT" if self.holds else "ROLLBACK")
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error


class Broken(sqlite3.Connection):
    """Can begin nothing."""

    def execute(self, sql, *values):
        if sql == "BEGIN IMMEDIATE":
            sql = "no SQL"
        return super().execute(sql, *values)


@pytest.fixture
def doubtful(opened):
    """Have the COMMIT of the store's next call fail, held or not."""

    def doubtful(holds):
        reconnect(opened, Doubtful).holds = holds

    return doubtful


def test_a_new_file_has_no_marks(opened):
    assert opened.marks() == {}


def test_a_mark_is_committed_with_its_batch(opened, database):
    opened.write([trace()], Mark("a", 3))
    opened.write([trace()])
    assert opened.marks() == {"a": 3}
    opened.close()
    again = SqliteStore(database)
    again.open()
    assert again.marks() == {"a": 3}
    again.close()


def test_a_mark_is_not_there_without_its_batch(opened):
    with pytest.raises(Refused):
        opened.write([trace()._replace(prompt_tokens=2**63)], Mark("a", 3))
    assert opened.marks() == {}


def test_a_mark_is_never_lowered(opened):
    for number in (3, 2):
        opened.write([trace()], Mark("a", number))
    assert opened.marks() == {"a": 3}


def test_a_mark_alone_can_be_committed(opened):
    assert opened.write([], Mark("a", 1)).persisted == {}
    assert opened.marks() == {"a": 1}


def test_a_mark_of_another_journal_takes_the_place_of_all_others(opened, database):
    with closing(sqlite3.connect(database)) as db:
        db.execute("INSERT INTO totals VALUES ('journal.b', 7), ('journal.c', 8), ('journals', 9)")
        db.commit()
    assert opened.marks() == {"b": 7, "c": 8}
    opened.write([trace()], Mark("a", 1))
    assert opened.marks() == {"a": 1}
    opened.write([trace()], Mark("d", 1))
    assert opened.marks() == {"d": 1}
    assert totals(database)["journals"] == 9


def test_marks_of_others_stay_where_the_commit_fails(opened, doubtful, database):
    opened.write([trace()], Mark("a", 1))
    doubtful(False)
    with pytest.raises(Unavailable):
        opened.write([trace()], Mark("b", 1))
    assert opened.marks() == {"a": 1}
    opened.write([trace()], Mark("b", 1))
    assert opened.marks() == {"b": 1}


def test_marks_that_cannot_be_read_may_be_read_later(opened, database):
    with closing(sqlite3.connect(database)) as db:
        db.execute("ALTER TABLE totals RENAME TO elsewhere")
        with pytest.raises(Unavailable):
            opened.marks()
        db.execute("ALTER TABLE elsewhere RENAME TO totals")
    assert opened.marks() == {}


def test_a_letter_brings_its_mark_and_one_that_finds_no_room_does_not(opened, database):
    assert opened.set_aside(trace(), "no", Mark("a", 1)) == "dead_lettered"
    full = SqliteStore(database, 0)
    full.open()
    assert full.set_aside(trace(), "no", Mark("a", 2)) == "full"
    full.close()
    assert opened.marks() == {"a": 1}


@pytest.mark.parametrize("holds", [True, False])
def test_a_batch_whose_commit_failed_is_written_once(holds, opened, doubtful, database):
    opened.write([trace(event_id="old")])
    call = [trace(event_id="old"), trace()], Mark("a", 2)
    for _ in range(2):
        doubtful(holds)
        with pytest.raises(Unavailable):
            opened.write(*call)
    written = opened.write(*call)
    assert (written.persisted, written.deduplicated) == ({"trace": 1}, {"trace": 1})
    assert (totals(database)["persisted.trace"], totals(database)["deduplicated.trace"]) == (2, 1)
    assert opened.marks() == {"a": 2}
    assert opened.write([trace(), trace()]).persisted == {"trace": 2}


@pytest.mark.parametrize("holds", [True, False])
def test_a_letter_whose_commit_failed_is_there_once(holds, opened, doubtful, database):
    event = trace()
    doubtful(holds)
    with pytest.raises(Unavailable):
        opened.set_aside(event, "no", Mark("a", 1))
    assert opened.set_aside(event, "no", Mark("a", 1)) == "dead_lettered"
    assert len(read_rows_of_letters(database)) == 1
    assert totals(database) == {"dead_lettered.trace": 1, "journal.a": 1}


def test_a_first_try_that_held_is_known_after_the_second_failed_too(opened, doubtful, database):
    batch = [trace()]
    doubtful(False)
    with pytest.raises(Unavailable):
        opened.write(batch)
    token = opened._doubt.token
    doubtful(False)
    with pytest.raises(Unavailable):
        opened.write(batch)
    assert opened._doubt.token == token


def test_another_call_is_never_given_what_the_one_in_doubt_did(opened, doubtful, database):
    doubtful(True)
    with pytest.raises(Unavailable):
        opened.write([trace()])
    assert opened.write([trace(), trace()]).persisted == {"trace": 2}
    assert len(read_rows(database, "llm_traces")) == 3


def test_the_same_batch_after_a_success_is_another_call(opened, doubtful):
    batch = [trace()]
    doubtful(True)
    with pytest.raises(Unavailable):
        opened.write(batch)
    assert opened.write(batch).persisted == {"trace": 1}
    assert opened.write(batch).deduplicated == {"trace": 1}


def test_tending_finds_a_lock_and_leaves_nothing(opened, database):
    opened.tend()
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught:
            opened.tend()
        other.execute("ROLLBACK")
        opened.tend()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    assert caught.value.reason == "busy"


def test_tending_opens_another_connection_where_one_is_broken(opened):
    reconnect(opened, Broken)
    with pytest.raises(Unavailable):
        opened.tend()
    opened.tend()


def read_rows_of_letters(database):
    with closing(sqlite3.connect(database)) as db:
        return db.execute("SELECT * FROM dead_letters").fetchall()
