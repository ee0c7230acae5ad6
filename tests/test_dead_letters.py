"""An event that the store refuses is kept aside, with its reason, and takes no other along."""

import json
import sqlite3
import time
from contextlib import closing

import pytest

from server.config import Config
from server.normalise import Normaliser
from server.service import Service
from server.store import Mark, Refused, Unavailable
from server.store.dead_letters import event_of, find_letters, put_letter
from server.store.writer import SqliteStore

from .conftest import read_rows, read_totals

pytestmark = pytest.mark.gen_test

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
POISON = {**TRACE, "model": "poison"}
NORMALISER = Normaliser(1000, 1000)


def event(**members):
    return NORMALISER.trace({**TRACE, **members}, "native")


def change(database, sql):
    with closing(sqlite3.connect(database)) as db:
        db.execute(sql)
        db.commit()


def letters(database):
    with closing(sqlite3.connect(database)) as db:
        return find_letters(db, 1000)


@pytest.fixture
def poisoned(service, database):
    """The database, which refuses the model `poison`."""
    change(
        database,
        "CREATE TRIGGER poison BEFORE INSERT ON llm_traces WHEN new.model = 'poison'"
        " BEGIN SELECT raise(ABORT, 'no such model'); END",
    )
    return database


@pytest.fixture
def lost(counted):
    """How many traces were dropped after acceptance, by reason."""

    def lost(reason):
        return counted("events_dropped_total", kind="trace", stage="persist", reason=reason)

    return lost


class LockingStore(SqliteStore):
    """Another process takes the lock between a refusal and the first try of its letter."""

    def __init__(self, path):
        super().__init__(path)
        self.other = None

    def set_aside(self, event, reason, mark=None):
        if self.other is None:
            self.other = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self.other.execute("BEGIN IMMEDIATE")
        return super().set_aside(event, reason, mark)


@pytest.fixture
def locking(database):
    store = LockingStore(database)
    yield store
    if store.other:
        store.other.close()


@pytest.fixture
def store(request):
    """The fake that the test asks for, else SQLite."""
    fakes = ("locking", "slowly_refusing", "halved")
    names = [name for name in fakes if name in request.fixturenames]
    return request.getfixturevalue(names[0]) if names else None


class SlowlyRefusingStore(SqliteStore):
    """Refuses all events, and takes its time for each letter."""

    def write(self, batch, mark=None):
        raise Refused("no", "no")

    def set_aside(self, event, reason, mark=None):
        time.sleep(0.05)  # a slow disk
        return super().set_aside(event, reason, mark)


@pytest.fixture
def slowly_refusing(database):
    return SlowlyRefusingStore(database)


class HalvedStore(SqliteStore):
    """Refuses a batch of four; of its halves the first meets a lock, the second does not."""

    def write(self, batch, mark=None):
        if len(batch) == 4:
            raise Refused("no", "no")
        if batch[0].event_id == "0":
            raise Unavailable("busy", "locked")
        return super().write(batch, mark)


@pytest.fixture
def halved(database, settings):
    settings["batch_events"] = 5  # so that each event is a record
    return HalvedStore(database)


@pytest.mark.slow
async def test_what_a_stop_amid_refusals_leaves_in_the_journal_is_stored_at_the_next_start(
    halved, service, post, database, ledger
):
    events = [{**TRACE, "event_id": str(n)} for n in range(4)]
    assert (await post("/v1/traces", events)).answer["accepted"] == 4
    await service.stop()
    assert (ledger()["queue"], ledger()["persisted"]) == (2, 2)
    after = Service(Config(db=database, port=0))
    await after.start()
    await after.stop()
    assert {row["event_id"] for row in read_rows(database, "llm_traces")} == set("0123")


WITHOUT_JOURNAL = pytest.mark.parametrize("settings", [{"journal": "off"}])


@WITHOUT_JOURNAL
@pytest.mark.gen_test(timeout=20)
async def test_a_stop_amid_refusals_counts_what_it_leaves(slowly_refusing, service, post, ledger):
    await post("/v1/traces", [TRACE] * 400)
    await service.pipeline.stop(drain_seconds=0.5)
    sums = ledger()
    assert sums["queue"] == 0
    assert sums["dead_lettered"] > 0
    assert sums["dropped_persist"] > 0


async def test_a_refused_event_is_found_and_set_aside_and_the_others_are_kept(
    poisoned, post, rows, counted, ledger, caplog
):
    events: list[dict] = [{**TRACE, "event_id": str(n), "input_text": "sécret"} for n in range(20)]
    events[13] |= {"model": "poison", "metadata": {"a": 1}}
    before = time.time_ns() // 1_000_000
    assert (await post("/v1/traces", events)).answer["accepted"] == 20
    assert [row["event_id"] for row in await rows()] == [str(n) for n in range(20) if n != 13]
    (letter,) = letters(poisoned)
    assert before <= letter.created_at <= time.time_ns() // 1_000_000
    assert (letter.kind, letter.reason) == ("trace", "SQLITE_CONSTRAINT_TRIGGER: no such model")
    kept = json.loads(letter.event)
    assert (kept["event_id"], kept["input_text"]) == ("13", "sécret")
    assert (kept["metadata"], "cost_usd" in kept) == ('{"a":1}', False)
    assert counted("events_dead_lettered_total", kind="trace") == 1
    assert (ledger()["dead_lettered"], ledger()["dropped_persist"]) == (1, 0)
    assert read_totals(poisoned) == {"persisted.trace": 19, "dead_lettered.trace": 1}
    assert "poison" not in caplog.text
    assert "cret" not in caplog.text


async def test_health_is_ok_after_a_letter_and_each_reason_is_said_once(
    poisoned, post, rows, get, counted, caplog
):
    start = counted("writer_last_commit_timestamp_seconds")
    await post("/v1/traces", [POISON] * 5)
    await rows()
    health = (await get("/health")).answer
    assert (health["status"], health["reasons"]) == ("ok", [])
    assert counted("writer_last_commit_timestamp_seconds") > start
    change(poisoned, "ALTER TABLE llm_traces ADD CHECKED INTEGER CHECK (model <> 'odd')")
    await post("/v1/traces", [{**TRACE, "model": "odd"}, POISON])
    await rows()
    said = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert said == [
        f"the store refuses an event, kept as a dead letter: SQLITE_CONSTRAINT_{why}"
        for why in ("TRIGGER", "CHECK")
    ]


@pytest.fixture
def two_at_most(settings):
    settings["max_dead_letters"] = 2


async def test_where_the_letters_are_full_new_ones_are_dropped_and_counted(
    two_at_most, poisoned, post, rows, get, counted, lost, ledger, caplog
):
    await post("/v1/traces", [{**POISON, "event_id": str(n)} for n in range(5)])
    await rows()
    kept = [json.loads(letter.event)["event_id"] for letter in letters(poisoned)]
    assert kept == ["1", "0"]
    assert (lost("write_failed"), read_totals(poisoned)) == (3, {"dead_lettered.trace": 2})
    assert (ledger()["dead_lettered"], ledger()["dropped_persist"]) == (2, 3)
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert errors == ["the dead letters are full: what the store refuses is dropped"]
    assert (await get("/health")).answer["reasons"] == errors
    await post("/v1/traces", TRACE)
    await rows()
    assert (await get("/health")).answer["status"] == "ok"


async def test_an_event_whose_letter_is_refused_too_is_dropped(
    poisoned, post, rows, get, lost, ledger, caplog
):
    change(
        poisoned,
        "CREATE TRIGGER worse BEFORE INSERT ON dead_letters BEGIN SELECT raise(ABORT, 'no'); END",
    )
    await post("/v1/traces", [POISON, TRACE, POISON])
    assert len(await rows()) == 1
    assert (letters(poisoned), lost("write_failed")) == ([], 2)
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert errors == ["the store refuses an event and its dead letter: SQLITE_CONSTRAINT_TRIGGER"]
    assert (await get("/health")).answer["status"] == "degraded"
    ledger()


@pytest.mark.slow
async def test_a_letter_waits_for_a_lock_like_an_event(
    locking, poisoned, post, rows, get, becomes_ok, counted, ledger, io_loop
):
    await post("/v1/traces", [POISON, TRACE])
    while counted("writer_retries_total", reason="busy") < 2:
        await io_loop.run_in_executor(None, time.sleep, 0.01)
    assert (await get("/health")).answer["status"] == "degraded"
    assert (ledger()["dead_lettered"], ledger()["queue"]) == (0, 2)
    locking.other.execute("ROLLBACK")
    assert len(await rows()) == 1
    assert len(letters(poisoned)) == ledger()["dead_lettered"] == 1
    await becomes_ok()


@pytest.mark.slow
@WITHOUT_JOURNAL
async def test_a_letter_that_a_lock_keeps_from_a_stop_is_lost_and_counted(
    locking, poisoned, service, post, lost, ledger
):
    await post("/v1/traces", [POISON, TRACE])
    await service.pipeline.stop(drain_seconds=0.5)
    assert (lost("shutdown_timeout"), lost("write_failed")) == (2, 0)
    assert (ledger()["queue"], ledger()["dead_lettered"]) == (0, 0)
    locking.other.close()
    assert letters(poisoned) == []


def test_a_letter_gives_back_its_event_whatever_is_in_it(opened, database):
    texts = {"input_text": "👍\x1b\x9b", "metadata": {"a": ["é"]}}
    odd = event(**texts)._replace(prompt_tokens=2**63, output_text=b"cut \xf0\x9f", agent="\ud800")
    failure = NORMALISER.error({"error_type": "crash", "message": "né", "stack_trace": "a"}, "x")
    for one in (odd, failure):
        assert opened.set_aside(one, "no") == "dead_lettered"
    assert [event_of(letter) for letter in letters(database)] == [failure, odd]
    assert read_totals(database) == {"dead_lettered.trace": 1, "dead_lettered.error": 1}


def test_an_event_of_no_storable_type_is_refused_and_its_letter_too(opened, database):
    odd = event()._replace(agent=object())
    with pytest.raises(Refused) as caught:
        opened.write([odd])
    assert str(caught.value) == "ProgrammingError"
    with pytest.raises(Refused):
        opened.set_aside(odd, "no")
    assert opened.set_aside(event(), "no") == "dead_lettered"
    assert len(letters(database)) == 1


def test_no_letter_is_kept_where_the_setting_is_0(database):
    store = SqliteStore(database, 0)
    store.open()
    assert store.set_aside(event(), "no") == "full"
    store.close()
    assert (letters(database), read_totals(database)) == ([], {})


def test_a_failure_of_no_own_kind_while_setting_aside_may_pass(opened, database):
    opened._link.db.execute("BEGIN")  # so that the next one fails
    with pytest.raises(Unavailable, match="within a transaction"):
        opened.set_aside(event(), "no")
    assert opened.set_aside(event(), "no") == "dead_lettered"
    assert len(letters(database)) == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [("trace", "[]"), ("trace", "{"), ("trace", '{"no_column": 1}'), ("span", "{}")],
)
def test_a_letter_that_holds_no_event_is_refused(kind, text, opened, database):
    opened.set_aside(event(), "no")
    (letter,) = letters(database)
    with pytest.raises(Refused):
        event_of(letter._replace(kind=kind, event=text))


def test_a_letter_and_its_total_are_one_transaction(opened, database):
    change(database, "CREATE TRIGGER t BEFORE INSERT ON totals BEGIN SELECT raise(ABORT, 'x'); END")
    with pytest.raises(Unavailable):
        opened.set_aside(event(), "no")
    assert letters(database) == []


def test_an_event_has_one_letter_however_often_it_is_set_aside(opened, database):
    odd = event(event_id="a")._replace(agent="\ud800")
    failure = NORMALISER.error({"error_type": "c", "message": "n", "event_id": "a"}, "native")
    fates = [opened.set_aside(one, "no") for one in (odd, odd, failure, event(event_id="b"))]
    assert fates == ["dead_lettered", "deduplicated", "dead_lettered", "dead_lettered"]
    assert [letter.kind for letter in letters(database)] == ["trace", "error", "trace"]
    moved = {"dead_lettered.trace": 2, "dead_lettered.error": 1, "deduplicated.trace": 1}
    assert read_totals(database) == moved


def test_a_letter_that_is_there_already_commits_the_mark_even_where_no_more_are_kept(database):
    store = SqliteStore(database, 1)
    store.open()
    one = event()
    assert store.set_aside(one, "no", Mark("a", 1)) == "dead_lettered"
    assert store.set_aside(event(), "no", Mark("a", 2)) == "full"
    assert store.set_aside(one, "no", Mark("a", 3)) == "deduplicated"
    assert store.marks() == {"a": 3}
    store.close()
    assert read_totals(database)["dead_lettered.trace"] == 1


def test_a_letter_is_looked_for_through_an_index(opened, database):
    with closing(sqlite3.connect(database)) as db:
        plans: list[str] = []
        db.set_trace_callback(plans.append)
        put_letter(db, event(), "no", 0)
        db.set_trace_callback(None)
        plan = db.execute(f"EXPLAIN QUERY PLAN {plans[0]}").fetchall()
    assert "USING INDEX dead_letters_by_event (kind=? AND <expr>=?)" in plan[0][3], plan
