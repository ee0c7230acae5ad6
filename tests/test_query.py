"""`tokenweir query`: what counts, calls without usage, and sums by model."""

import json
import sqlite3
from contextlib import closing

import pytest

from server.events import TURN_USAGE
from server.normalise import Normaliser
from server.store.reader import open_readonly
from server.store.summary import sum_up
from server.store.writer import SqliteStore

from .databases import unpack
from .process import run

NORMALISER = Normaliser(1000, 1000)
MINI, OPUS = ("openai", "gpt-4o-mini"), ("anthropic", "claude-opus-4")
USED = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def trace(event_id, named=MINI, cost_source=None, **members):
    provider, model = named
    row = NORMALISER.trace(
        {"provider": provider, "model": model, "event_id": event_id, **members}, "native"
    )
    return row._replace(cost_source=cost_source or row.cost_source)


CALLS = [
    trace("priced", **USED, cost_usd=0.25),
    trace("computed", **USED, cost_usd=0.5, cost_source="computed", cache_read_tokens=4),
    trace("unpriced", **USED),
    trace("metered", **USED)._replace(metadata=b'{"metered":true}'),
    trace("said so", **USED, metadata={"metered": True}),
    trace("empty", prompt_tokens=0, completion_tokens=0),
    trace("unused"),
    trace("failed", status="error"),
    trace("turn", operation=TURN_USAGE, prompt_tokens=100, cost_usd=2.0),
    trace("paid", operation=TURN_USAGE, cost_usd=1.0),
    trace("sum", **USED, cost_usd=9.0),
    trace("other", OPUS, completion_tokens=7, reasoning_tokens=3),
]


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """A database of CALLS, of which `sum` only adds up others; the tests only read it."""
    database = str(tmp_path_factory.mktemp("calls") / "t.db")
    store = SqliteStore(database)
    store.open()
    store.write(CALLS)
    store.close()
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("UPDATE llm_traces SET counted = 0 WHERE event_id = 'sum'")
    return database


def rows(database, what, *arguments):
    done = run("query", what, "--json", *arguments, f"--db={database}")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ids(database, *arguments):
    return {row["event_id"] for row in rows(database, "traces", *arguments)}


@pytest.mark.slow
def test_rows_that_only_add_up_others_are_shown_where_asked_for(calls):
    everything = {call.event_id for call in CALLS}
    assert ids(calls) == everything - {"sum"}
    assert ids(calls, "--uncounted") == everything
    shown = {row["event_id"]: row for row in rows(calls, "traces", "--uncounted")}
    assert (shown["sum"]["counted"], shown["priced"]["counted"]) == (False, True)
    assert (shown["unused"]["has_usage"], shown["priced"]["has_usage"]) == (False, True)


@pytest.mark.slow
def test_calls_without_usage_are_those_that_succeeded_and_said_nothing(calls):
    assert ids(calls, "--no-usage") == {"unused"}
    assert ids(calls, "--no-usage", "--model=claude-opus-4") == set()


@pytest.mark.slow
def test_totals_have_each_token_and_cost_once(calls):
    mini, opus = rows(calls, "totals")
    assert mini == {
        "provider": "openai",
        "model": "gpt-4o-mini",
        "calls": 8,
        "failed": 1,
        "no_usage": 1,
        "no_usage_share": 1 / 7,
        "unpriced": 2,
        "prompt_tokens": 150,
        "completion_tokens": 25,
        "total_tokens": 75,
        "cache_read_tokens": 4,
        "cache_write_tokens": 0,
        "reasoning_tokens": 0,
        "reported_usd": 3.25,
        "computed_usd": 0.5,
    }
    assert (opus["model"], opus["calls"], opus["unpriced"]) == ("claude-opus-4", 1, 1)
    assert (opus["reasoning_tokens"], opus["no_usage_share"]) == (3, 0.0)


@pytest.mark.slow
def test_totals_as_a_table_end_with_all_of_them(calls):
    head, first, second, last = run("query", "totals", f"--db={calls}").stdout.splitlines()
    assert head.split()[:6] == [
        "provider",
        "model",
        "calls",
        "failed",
        "no_usage",
        "no_usage_share",
    ]
    assert first.split()[:6] == ["openai", "gpt-4o-mini", "8", "1", "1", "14.3%"]
    assert second.split()[:3] == ["anthropic", "claude-opus-4", "1"]
    assert last.split() == ["all", "9", "1", "1", "12.5%", "3", "150", "32", "3.250000", "0.500000"]
    one = run("query", "totals", "--model=claude-opus-4", f"--db={calls}").stdout.splitlines()
    assert len(one) == 2


@pytest.mark.slow
def test_totals_are_of_a_time_and_of_what_is_filtered(calls):
    assert [one["calls"] for one in rows(calls, "totals", "--since=1h")] == [8, 1]
    assert [one["calls"] for one in rows(calls, "totals", "--status=error")] == [1]
    assert run("query", "totals", "--until=1h", f"--db={calls}").stderr == "no such rows\n"


def test_without_a_call_that_succeeded_there_is_no_share(opened, database):
    opened.write([trace("a", status="error"), trace("b", OPUS, operation=TURN_USAGE, **USED)])
    with open_readonly(database) as db:
        found = sum_up(db, {})
    assert [(one["calls"], one["no_usage_share"]) for one in found] == [(1, None), (0, None)]


def test_totals_of_a_time_use_an_index(opened, database):
    with open_readonly(database) as db:
        done: list[str] = []
        db.set_trace_callback(done.append)
        sum_up(db, {}, since_ms=1)
        db.set_trace_callback(None)
        plan = db.execute(f"EXPLAIN QUERY PLAN {done[-1]}").fetchall()
    assert "USING INDEX llm_traces_by_time" in plan[0][3], plan


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["totals", "--limit=3"], "totals have no pages"),
        (["totals", "--before=3"], "totals have no pages"),
        (["totals", "--severity=fatal"], "totals have no severity"),
        (["errors", "--no-usage"], "--no-usage and --uncounted are for traces"),
        (["totals", "--uncounted"], "--no-usage and --uncounted are for traces"),
    ],
)
def test_what_makes_no_sense_together_is_refused(arguments, said, calls):
    done = run("query", *arguments, f"--db={calls}")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.slow
def test_a_file_that_is_to_be_upgraded_says_so(database):
    unpack("v3", database)
    done = run("query", "traces", f"--db={database}")
    assert "has schema version 3; start the service on it" in done.stderr
