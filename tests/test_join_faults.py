"""Reports of one call amid kills, locks and commits that fail: each counts once, none twice."""

import json
import sqlite3
from contextlib import closing

import msgpack
import orjson
import pytest

from server.footprint import footprint
from server.recording.payload import HEADING, decoder, encode
from server.store import Unavailable
from server.store.dead_letters import Letter, event_of
from server.store.read_back import to_json
from server.store.writer import SqliteStore

from .conftest import read_rows, read_totals, reconnect
from .ledger import balances, sums_shown
from .locking import Lock
from .otlp import TRACE_ID, call, packed
from .process import serving, wait_until
from .reports import litellm, litellm_span, piece, span
from .test_commits import Doubtful

USED = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
CALL = span("a", prompt_tokens=10)
SAID = piece(CALL, 0, input_text="what was asked")
TWINS = [
    litellm("call", prompt_tokens=10, cost_usd=0.5),
    litellm_span("b", "call", output_text="what was answered"),
]


def stored(database):
    """Rows, parts and the ids of twins, without their times."""
    with closing(sqlite3.connect(database)) as db:
        columns = "event_id, counted, prompt_tokens, cost_usd, input_text, output_text"
        return (
            db.execute(f"SELECT {columns} FROM llm_traces ORDER BY event_id").fetchall(),
            db.execute("SELECT event_id, trace FROM parts ORDER BY event_id").fetchall(),
            db.execute("SELECT event_id, trace FROM merged_events ORDER BY event_id").fetchall(),
            db.execute("SELECT call_key FROM llm_traces ORDER BY 1").fetchall(),
            db.execute("SELECT * FROM call_keys ORDER BY key").fetchall(),
        )


@pytest.fixture
def undisturbed(tmp_path):
    """What the same reports leave behind where nothing goes wrong."""
    path = str(tmp_path / "undisturbed.db")

    def undisturbed(*batches):
        store = SqliteStore(path)
        store.open()
        for batch in batches:
            store.write(batch)
        store.close()
        return stored(path), read_totals(path)

    return undisturbed


def test_keys_survive_the_journal_and_the_dead_letters():
    for event in (SAID, CALL, TWINS[0]):
        assert decoder(HEADING)(encode([event])) == [event]
        assert event_of(Letter(1, 1, event.kind, "no", to_json(event))) == event


def test_a_journal_of_the_former_version_has_no_keys():
    columns = {kind: names[:-1] for kind, names in orjson.loads(HEADING).items()}
    events = [event._replace(keys=None) for event in (SAID, CALL)]
    payload = msgpack.packb([(event.kind, event[:-1]) for event in events])
    assert decoder(orjson.dumps(columns))(payload) == events


def test_keys_count_for_what_an_event_occupies():
    keys = tuple(f"response:openai:{n}" + "x" * 200 for n in range(10))
    assert footprint(CALL._replace(keys=keys)) - footprint(CALL) > 2000


@pytest.mark.parametrize("holds", [False, True])
@pytest.mark.parametrize("batches", [([CALL], [SAID]), ([SAID], [CALL]), (TWINS[:1], TWINS[1:])])
def test_a_join_whose_commit_failed_is_done_once(holds, batches, opened, database, undisturbed):
    opened.write(batches[0])
    reconnect(opened, Doubtful).holds = holds
    with pytest.raises(Unavailable):
        opened.write(batches[1])
    opened.write(batches[1])
    opened.close()
    assert len(stored(database)[0]) == read_totals(database)["merged.trace"] == 1
    assert (stored(database), read_totals(database)) == undisturbed(*batches)


class Full(sqlite3.Connection):
    """Has no room for the first statement that begins so."""

    at = ""

    def execute(self, sql, *values):
        if self.at and sql.lstrip().startswith(self.at):
            self.at = ""
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return super().execute(sql, *values)


@pytest.mark.parametrize("statement", ["UPDATE llm_traces", "INSERT INTO parts", "COMMIT"])
def test_a_disk_that_is_full_amid_a_join_leaves_nothing_of_it(
    statement, opened, database, undisturbed
):
    opened.write([CALL])
    before = stored(database), read_totals(database)
    reconnect(opened, Full).at = statement
    with pytest.raises(Unavailable) as raised:
        opened.write([SAID, *TWINS])
    assert raised.value.reason == "disk_full"
    assert (stored(database), read_totals(database)) == before
    opened.write([SAID, *TWINS])
    opened.close()
    assert (stored(database), read_totals(database)) == undisturbed([CALL], [SAID, *TWINS])


def send(service, span):
    """Post a span, which is taken."""
    assert service.post("/v1/traces", json.loads(packed([span]))) == {}


@pytest.mark.slow
@pytest.mark.parametrize("is_inner_first", [False, True])
def test_a_kill_between_the_reports_of_a_call_costs_and_doubles_nothing(is_inner_first, database):
    parent = (1).to_bytes(8, "big")
    outer, inner = call(1), call(2, USED, parent_span_id=parent)
    first, second = (inner, outer) if is_inner_first else (outer, inner)
    with serving(database) as service, Lock(database):  # the first is in the journal alone
        send(service, first)
        service.process.kill()
        service.process.wait()
    with serving(database) as service, Lock(database):
        send(service, second)
        send(service, first)
        service.process.kill()
        service.process.wait()
    with serving(database) as service:
        wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the queue to empty")
        sums = sums_shown(service)
        assert (sums["replayed"], sums["merged"], sums["deduplicated"]) == (2, 1, 1)
        assert balances(sums)
        assert service.stop()[0] == 0
    (row,) = read_rows(database, "llm_traces")
    assert row["event_id"] == f"{TRACE_ID}:{parent.hex()}"
    assert (row["prompt_tokens"], row["completion_tokens"], row["counted"]) == (10, 5, 1)
