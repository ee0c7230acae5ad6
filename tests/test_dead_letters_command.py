"""`tokenweir dead-letters` as an operator runs it, beside a running service or alone."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import TimeoutExpired

import pytest

from server.normalise import Normaliser
from server.store.schema import MIGRATIONS
from server.store.writer import SqliteStore

from .conftest import read_rows, read_totals
from .process import run, serving, start, wait_until

pytestmark = pytest.mark.slow

NORMALISER = Normaliser(1000, 1000)
POISON = (
    "CREATE TRIGGER poison BEFORE INSERT ON llm_traces WHEN new.model = 'poison'"
    " BEGIN SELECT raise(ABORT, 'no such model'); END"
)
CURE = "DROP TRIGGER poison"


def change(database, *statements):
    with closing(sqlite3.connect(database)) as db:
        for sql in statements:
            db.execute(sql)
        db.commit()


def ids(database):
    with closing(sqlite3.connect(database)) as db:
        return [row[0] for row in db.execute("SELECT id FROM dead_letters ORDER BY id")]


def said(result, status=1):
    """What a command that failed said, in one line."""
    assert result.returncode == status
    assert result.stderr.startswith("tokenweir: error: "), result.stderr
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def letters(database):
    """Runs the command on the database."""

    def letters(*arguments):
        return run("dead-letters", *arguments, f"--db={database}")

    return letters


@pytest.fixture
def three(database):
    """A database with the letters 1, 2 (traces) and 3 (an error), which nothing refuses now."""
    store = SqliteStore(database)
    store.open()
    for n in (1, 2):
        members = {"provider": "p\x1b", "model": "m", "event_id": f"trace{n}"}
        members["input_text"] = "👍\x9b"
        store.set_aside(NORMALISER.trace(members, "native"), "SQLITE_X: nö\x1b")
    failure = {"error_type": "crash", "message": "né", "event_id": "error3"}
    store.set_aside(NORMALISER.error(failure, "native"), "SQLITE_Y")
    store.close()
    return database


def test_letters_are_listed_newest_first(three, letters):
    lines = letters("list").stdout.splitlines()
    assert lines[0].split() == ["id", "created_at", "kind", "reason", "event_id"]
    assert [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    assert lines[1].split()[2:] == ["error", "SQLITE_Y", "error3"]
    assert lines[2].endswith("trace  SQLITE_X: nö·  trace2")
    assert len(letters("list", "--limit=1").stdout.splitlines()) == 2


def test_letters_are_listed_as_json_lines_with_their_events(three, letters):
    first, second, _ = letters("list", "--json").stdout.splitlines()
    assert json.loads(first)["event"]["message"] == "né"
    assert json.loads(second)["event"]["input_text"] == "👍\x9b"
    assert set(json.loads(first)) == {"id", "created_at", "kind", "reason", "event"}


def test_a_letter_is_shown_as_json_that_steers_no_terminal(three, letters):
    shown = letters("show", "2").stdout
    assert shown.count("\n") > 10
    assert "👍" in shown
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    letter = json.loads(shown)
    assert (letter["id"], letter["kind"], letter["reason"]) == (2, "trace", "SQLITE_X: nö\x1b")
    assert (letter["event"]["provider"], letter["event"]["input_text"]) == ("p\x1b", "👍\x9b")


def test_a_replay_beside_the_service_stores_the_event_and_balances_the_totals(database, letters):
    with serving(database) as service:
        change(database, POISON)
        good = {"provider": "p", "model": "m", "event_id": "good"}
        bad = {**good, "model": "poison", "input_text": "né", "metadata": {"a": 1}}
        service.post("/v1/traces", [good, {**bad, "event_id": "a"}, {**bad, "event_id": "b"}])
        dead = "tokenweir_events_dead_lettered_total"
        wait_until(lambda: service.metric(dead) == 2, "the letters")
        change(database, CURE)
        replayed = letters("replay", "--all")
        assert (replayed.returncode, replayed.stdout) == (0, "2 replayed\n"), replayed.stderr
        assert service.metric(dead) == 2
        service.post("/v1/traces", [{**good, "event_id": "later"}, bad | {"event_id": "a"}])
        settled = "tokenweir_events_deduplicated_total"
        wait_until(lambda: service.metric(settled) == 1, "the service to write on")
        assert service.stop()[0] == 0
    rows = {row["event_id"]: row for row in read_rows(database, "llm_traces")}
    assert set(rows) == {"good", "a", "b", "later"}
    assert (rows["a"]["input_text"], rows["a"]["metadata"]) == ("né", {"a": 1})
    assert ids(database) == []
    assert read_totals(database) == {
        "persisted.trace": 4,
        "deduplicated.trace": 1,
        "dead_lettered.trace": 2,
        "dead_letters_replayed.trace": 2,
    }


def test_what_is_stored_already_is_deduplicated_by_a_replay(three, letters):
    store = SqliteStore(three)
    store.open()
    store.write([NORMALISER.trace({"provider": "p", "model": "m", "event_id": "trace1"}, "native")])
    store.close()
    assert letters("replay", "3", "1", "3").stdout == "2 replayed (1 stored already)\n"
    assert ids(three) == [2]
    assert read_totals(three) == {
        "persisted.trace": 1,
        "persisted.error": 1,
        "deduplicated.trace": 1,
        "dead_lettered.trace": 2,
        "dead_lettered.error": 1,
        "dead_letters_replayed.trace": 1,
        "dead_letters_replayed.error": 1,
    }


def test_what_is_refused_again_stays_with_its_reason_said(three, letters):
    change(
        three,
        "CREATE TRIGGER odd BEFORE INSERT ON llm_traces WHEN new.event_id = 'trace1'"
        " BEGIN SELECT raise(ABORT, 'still\x1bno'); END",
    )
    replayed = letters("replay", "--all")
    assert replayed.returncode == 1
    assert replayed.stdout == "2 replayed, 1 refused again\n"
    wanted = "dead letter 1 is refused again: SQLITE_CONSTRAINT_TRIGGER: still·no\n"
    assert replayed.stderr == wanted
    assert ids(three) == [1]
    assert "persisted.trace" in read_totals(three)
    assert read_totals(three)["dead_letters_replayed.trace"] == 1


def test_dropped_letters_are_gone_and_counted(three, letters):
    assert letters("drop", "1", "3").stdout == "2 dropped\n"
    assert ids(three) == [2]
    assert letters("drop", "--all").stdout == "1 dropped\n"
    assert ids(three) == []
    assert read_rows(three, "llm_traces") == []
    counts = read_totals(three)
    assert (counts["dead_letters_dropped.trace"], counts["dead_letters_dropped.error"]) == (2, 1)
    empty = letters("drop", "--all")
    assert (empty.returncode, empty.stdout, empty.stderr) == (0, "", "no dead letters\n")
    assert letters("list").stderr == "no dead letters\n"


@pytest.mark.parametrize("action", ["replay", "drop"])
def test_an_unknown_id_is_said_and_no_letter_touched(action, three, letters):
    assert "no dead letter has the id 7, 9" in said(letters(action, "9", "1", "7"))
    assert ids(three) == [1, 2, 3]
    assert "no dead letter has the id 7" in said(letters("show", "7"))


@pytest.mark.parametrize("action", ["replay", "drop"])
def test_ids_or_all_must_be_given_and_not_both(action, three, letters):
    for arguments in ([], ["1", "--all"]):
        assert "give the ids of dead letters, or --all" in said(letters(action, *arguments), 2)
    for wrong in ("x", "-1", "0", str(2**63)):
        refused = letters(action, "--", wrong)
        assert refused.returncode == 2
        assert f"argument ID: not an id: '{wrong}'" in refused.stderr
    assert ids(three) == [1, 2, 3]


def test_a_lock_is_waited_for(three):
    with closing(sqlite3.connect(three, isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        with start("dead-letters", "replay", "1", f"--db={three}") as process:
            with pytest.raises(TimeoutExpired):
                process.wait(2)
            lock.execute("ROLLBACK")
            assert process.communicate(timeout=30)[0] == "1 replayed\n"
    assert ids(three) == [2, 3]


@pytest.mark.slow
def test_a_lock_that_stays_is_said_and_nothing_half_done(three, letters):
    with closing(sqlite3.connect(three, isolation_level=None)) as lock:
        lock.execute("BEGIN IMMEDIATE")
        failed = letters("replay", "--all")
    assert "cannot be written (database is locked)" in said(failed)
    assert failed.stdout == ""
    assert ids(three) == [1, 2, 3]
    assert read_rows(three, "llm_traces") == []


def test_a_replay_leaves_the_checkpoints_to_the_service(three, letters):
    with closing(sqlite3.connect(three)) as service:
        service.execute("PRAGMA wal_autocheckpoint = 0")
        service.execute("CREATE TABLE much AS SELECT zeroblob(17000000)")  # over 1,000 pages
        service.commit()
        before = Path(three).stat().st_size
        assert letters("replay", "--all").stdout == "3 replayed\n"
        assert Path(three).stat().st_size == before < 17_000_000


def of_version(version):
    def make(path):
        change(path, *(MIGRATIONS[0] if version else ()))
        change(path, "PRAGMA application_id = 0x746B7772", f"PRAGMA user_version = {version}")

    return make


@pytest.mark.parametrize("action", [["list"], ["show", "1"], ["replay", "--all"], ["drop", "1"]])
@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda path: None, "does not exist, or is out of reach"),
        (of_version(1), "has schema version 1; start the service on it to bring it to 4"),
        (of_version(99), "has schema version 99, from a newer tokenweir; this one knows 4"),
        (lambda path: change(path, "CREATE TABLE theirs (x)"), "is a database of another program"),
    ],
    ids=["missing", "older", "newer", "foreign"],
)
def test_a_database_that_has_no_letters_to_give_is_said(action, make, wanted, database, letters):
    make(database)
    assert f"the database {database} {wanted}" in said(letters(*action))


@pytest.mark.parametrize("action", ["list", "show", "replay", "drop"])
def test_every_action_has_help_with_an_example(action):
    shown = run("dead-letters", action, "--help").stdout
    assert f"example: tokenweir dead-letters {action}" in shown
    assert "--db" in shown
    assert "--queue-events" not in shown
