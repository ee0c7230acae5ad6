"""All captured requests into one service: every call is stored once, and all sums are right."""

import random
import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from .conftest import read_rows
from .corpus import CORPUS, EXAMPLES, bodies_under, send
from .expected_calls import KINDS, Calls
from .ledger import balances, sums_shown
from .process import serving, wait_until

pytestmark = pytest.mark.slow

USAGE = "turn_usage"


def _shuffled(bodies, seed):
    return random.Random(seed).sample(bodies, len(bodies))  # noqa: S311 no secret


ORDERS = {
    "by name": lambda bodies: bodies,
    "shuffled 1": lambda bodies: _shuffled(bodies, 1),
    "shuffled 2": lambda bodies: _shuffled(bodies, 2),
    "shuffled 3": lambda bodies: _shuffled(bodies, 3),
    "each twice": lambda bodies: _shuffled(bodies * 2, 4),
}
ROOTS = {"ours": EXAMPLES} | ({"all": CORPUS} if CORPUS.is_dir() else {})
CASES = [
    pytest.param((root, order), id=f"{root}, {order}")
    for root in ROOTS
    for order in ORDERS
    if root == "all" or order in ("by name", "each twice")
]


class Stored(NamedTuple):
    """What is in the database after some requests, and the ledger before the service stopped."""

    calls: Calls
    rows: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    waiting: list[str]
    sums: Counter[str]

    @property
    def counted(self):
        return [row for row in self.rows if row["counted"]]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """Send the requests of a case into a new service; once for each case."""
    known: dict[Any, Stored] = {}

    def replayed(case):
        if case not in known:
            known[case] = replay(case, str(tmp_path_factory.mktemp("totals") / "t.db"))
        return known[case]

    return replayed


def replay(case, database):
    root, order = case
    bodies = bodies_under(ROOTS[root])
    with serving(database) as server:
        for body in ORDERS[order](bodies):
            send(server, body)
        wait_until(lambda: server.metric("tokenweir_queue_events") == 0, "an empty queue")
        sums = sums_shown(server)
        assert server.stop()[0] == 0
    with closing(sqlite3.connect(database)) as db:
        waiting = [one for (one,) in db.execute("SELECT waits_for FROM parts WHERE trace IS NULL")]
    rows, errors = read_rows(database, "llm_traces"), read_rows(database, "error_events")
    return Stored(Calls(bodies), rows, errors, waiting, sums)


@pytest.fixture(params=CASES)
def case(request):
    return request.param


@pytest.fixture
def stored(replayed, case):
    return replayed(case)


def test_each_call_is_one_row(stored):
    calls = stored.calls
    rows = [row for row in stored.counted if row["operation"] != USAGE]
    told = Counter(calls.of(row) for row in rows)
    assert told.keys() == calls.reports.keys()
    assert {call for call, count in told.items() if count > 1} <= calls.twice
    assert max(told.values()) <= 2


def test_each_call_that_failed_is_one_error(stored):
    calls = stored.calls
    failed = {name for name, told in calls.reports.items() if told[0]["status"] == "error"}
    errors = [row for row in stored.errors if row["event_id"].endswith(":error")]
    told = Counter(calls.of(row) for row in errors)
    assert told.keys() == failed
    assert {call for call, count in told.items() if count > 1} <= calls.twice


def test_what_a_turn_used_is_stored_once_beside_its_calls(stored):
    rows = [row for row in stored.counted if row["operation"] == USAGE and not is_metered(row)]
    assert sorted(row["span_id"] for row in rows) == sorted(stored.calls.usages)


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_are_counted_once(kind, stored):
    assert sum(row[kind] or 0 for row in stored.counted) == stored.calls.tokens(kind)


def test_reported_costs_are_counted_once(stored):
    reported = [row for row in stored.counted if row["cost_source"] == "reported"]
    metered = sum(row["cost_usd"] for row in reported if is_metered(row))
    assert metered == pytest.approx(stored.calls.metered)
    spent = sum(row["cost_usd"] for row in reported)
    assert spent - metered == pytest.approx(stored.calls.cost())


def is_metered(row):
    """Whether it is no more than what a metric said of the costs."""
    return "metric" in (row["metadata"] or {})


def test_texts_are_with_their_calls(stored):
    rows = {stored.calls.of(row): row for row in stored.counted if row["operation"] != USAGE}
    for told in stored.calls.said:
        row = rows[stored.calls.names[told["span_id"]]]
        for column, part in parts(told):
            cut = (row["metadata"] or {}).get("truncated", {})
            assert row[column] is not None, told
            assert part in row[column] or column in cut, told


def parts(told):
    """The columns that an event fills, and what is to be in them."""
    if told["event"] == "gen_ai.client.inference.operation.details":
        found = [
            (f"{name}_text", told.get(f"{name}_text_contains")) for name in ("input", "output")
        ]
    else:
        column = "output_text" if told["event"] == "gen_ai.choice" else "input_text"
        found = [(column, told.get("text_contains"))]
    return [(column, part) for column, part in found if part]


def test_nothing_waits_for_a_call_that_has_come(stored):
    there = {part for one in stored.waiting for part in one.split(":")}
    assert there.isdisjoint(stored.calls.names)


def test_all_that_came_is_accounted_for(stored):
    sums = stored.sums
    assert balances(sums), sums
    assert sums["persisted"] == len(stored.rows) + len(stored.errors)
    assert (sums["dead_lettered"], sums["dropped_persist"]) == (0, 0)


def test_every_order_gives_the_same_rows(case, replayed):
    root, order = case
    assert as_a_set(replayed(case)) == as_a_set(replayed((root, "by name"))), order


def as_a_set(stored):
    """The counted rows, but for what is of the order they came in."""
    return {
        row["event_id"]: {name: row[name] for name in row if name not in ("id", "created_at")}
        for row in stored.counted
        if not is_metered(row)
    }
