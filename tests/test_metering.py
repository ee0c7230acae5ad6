"""Costs that come as a metric: each is there once, whatever comes when, and how often."""

import json
import os
import sqlite3
import tempfile
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import links
from server.config import Config
from server.events import Skipped
from server.normalise import Normaliser
from server.parts import make_receivers
from server.store import Refused, metering, series
from server.store.unpriced import is_metered
from server.store.writer import SqliteStore

from .conftest import read_rows
from .generated import steady
from .ledger import balances, sums_shown
from .locking import Lock
from .otlp import JSON, MINUTE, PROTOBUF, START, cost, packed
from .process import serving, wait_until
from .reports import span
from .told import check_told

NORMALISER = Normaliser(100_000, 100_000)
RECEIVER = make_receivers(Config())["otlp_metrics"]
GATEWAY = "openclaw-gateway"
PAYER = links.metered(GATEWAY, "openai", "gpt-4o")
START_MS = START // 10**6
USED = {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010}


def body_of(*metrics, pid=1, media_type=PROTOBUF):
    resource = {"service.name": GATEWAY, "process.pid": pid}
    return packed(metrics, media_type, "metrics", resource=resource, scope="openclaw")


def points(*metrics, pid=1):
    """The Events of a request with these metrics."""
    found = RECEIVER.read(bytearray(body_of(*metrics, pid=pid)), PROTOBUF)
    return [event for item in found if not isinstance(item, Skipped) for event in item]


def point(*args, pid=1, **about):
    """The only one of a metric."""
    (found,) = points(cost(*args, **about), pid=pid)
    return found


def call(name="a", minutes=1.0, payer=PAYER, **members):
    """One that ended so many minutes after START."""
    values = {"provider": "openai", "model": "gpt-4o", "event_id": name, "latency_ms": 500.0}
    started = START_MS + int(minutes * 60_000) - 500
    found = NORMALISER.trace(values | {"started_at": started} | USED | members, "otlp")
    return found._replace(keys=(payer,) if payer else None)


def price(trace):
    """A table that knows every model, as long as there are tokens and no cost."""
    if trace.cost_usd is not None or trace.total_tokens is None:
        return trace
    return trace._replace(cost_usd=0.125, cost_source="computed")


@pytest.fixture
def reopened(database):
    """Opens the store anew, as after a start."""
    stores: list[SqliteStore] = []

    def reopened():
        for store in stores:
            store.close()
        stores[:] = [SqliteStore(database, price=price)]
        stores[0].open()
        return stores[0]

    yield reopened
    stores[0].close()


@pytest.fixture
def opened(reopened):
    return reopened()


@pytest.fixture
def costs(database):
    """By event id what calls cost, what the metric told, and which the metric pays for."""

    def costs():
        rows = read_rows(database, "llm_traces")
        told = [row["cost_usd"] for row in rows if row["operation"] == "turn_usage"]
        calls = [row for row in rows if row["operation"] != "turn_usage"]
        for row in calls:
            assert (row["cost_usd"] is None) == (row["cost_source"] is None)
        paid = {row["event_id"] for row in calls if (row["metadata"] or {}).get("metered")}
        return {row["event_id"]: row["cost_usd"] for row in calls}, told, paid

    return costs


def total_of(database):
    with closing(sqlite3.connect(database)) as db:
        return db.execute("SELECT total(cost_usd) FROM llm_traces WHERE counted").fetchone()[0]


def test_a_sum_is_counted_as_it_grows(opened, costs):
    for value, minutes in ((0.25, 1), (0.25, 2), (1.0, 3)):
        opened.write([point((value, minutes))])
    assert costs()[1] == [0.25, 0.75]


def test_what_adds_nothing_counts_as_merged(opened):
    written = opened.write(points(cost((0.25, 1), (0.25, 2), (0.5, 3))))
    assert (written.persisted, written.merged) == ({"trace": 2}, {"trace": 1})
    written = opened.write(points(cost((0.25, 1), (0.25, 2), (0.5, 3))))
    assert (written.persisted["trace"], written.merged) == (0, {"trace": 3})


def test_a_start_anew_of_the_gateway_is_a_series_of_its_own(opened, database):
    opened.write([point((0.5, 1)), point((0.25, 9), start=START + 8 * MINUTE)])
    opened.write([point((0.75, 2)), point((0.5, 10), start=START + 8 * MINUTE)])
    assert total_of(database) == 1.25


def test_two_gateways_of_one_name_are_two_series(opened, database):
    opened.write([point((0.5, 1), pid=1), point((0.5, 1), pid=2)])
    assert total_of(database) == 1.0


def test_a_start_anew_of_the_service_forgets_no_sum(reopened, database):
    for value in (0.25, 0.75, 0.75, 1.0):
        reopened().write([point((value, value))])
    assert total_of(database) == 1.0


def test_a_delta_is_counted_once(opened, database):
    first = point((0.25, 1), temporality=1)
    second = point((0.25, 2), temporality=1, start=START + MINUTE)
    written = opened.write([second, first, second])
    assert (written.persisted, written.deduplicated) == ({"trace": 2}, {"trace": 1})
    assert opened.write([first]).deduplicated == {"trace": 1}
    assert total_of(database) == 0.5


def test_without_a_start_a_fall_is_a_start_anew(opened, costs):
    for value, minutes in ((0.5, 1), (0.75, 2), (0.25, 3), (0.5, 4)):
        opened.write([point((value, minutes), start=0)])
    opened.write([point((0.6, 1.5), start=0)])  # came late: from before the fall
    assert costs()[1] == [0.5, 0.25, 0.25, 0.25]


def test_a_clock_that_was_set_back_loses_no_cost(opened, database):
    opened.write([point((0.5, 10)), point((0.75, 5))])
    assert total_of(database) == 0.75


def test_a_batch_that_is_undone_leaves_the_sum_as_it_was(opened, database):
    bad = call(provider=None)._replace(provider=None)
    with pytest.raises(Refused, match="NOTNULL"):
        opened.write([point((0.5, 1)), bad])
    opened.write([point((0.5, 1))])
    assert total_of(database) == 0.5


def shuffled(data, events):
    """The events in any order, some of them again, in batches of any size."""
    again = data.draw(st.lists(st.sampled_from(events), max_size=4)) if events else []
    order = data.draw(st.permutations(events + again))
    cuts = data.draw(st.lists(st.integers(0, len(order)), max_size=4))
    return [order[first:last] for first, last in pairwise([0, *sorted(cuts), len(order)])]


def stored(batches):
    """The rows, with the service started anew between the batches; and the sum of their costs."""
    told = []
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "t.db")
        for batch in batches:
            with closing(SqliteStore(path, price=price)) as store:
                store.open()
                told.append(store.write(batch).traffic)
        check_told(path, told)
        return read_rows(path, "llm_traces"), total_of(path)


GROWTH = st.lists(st.integers(0, 4), min_size=1, max_size=6)
RUNS = st.lists(GROWTH, min_size=1, max_size=3)
"""Of each run of the gateway what was spent before each point, in quarters."""


@pytest.mark.slow
@given(RUNS, st.booleans(), st.data())
@steady(60)
def test_whatever_comes_in_which_order_and_how_often_the_sum_is_right(runs, is_delta, data):
    sent, spent = [], 0.0
    for number, run in enumerate(runs):
        value = 0.0
        for minute, quarters in enumerate(run):
            value += quarters / 4
            at = (quarters / 4 if is_delta else value, number * 60 + minute + 1)
            start = START + number * 60 * MINUTE
            sent += points(cost(at, start=start, temporality=1 if is_delta else 2))
        spent += value
    assert stored(shuffled(data, sent))[1] == spent


@pytest.mark.slow
@given(
    st.lists(st.integers(1, 20), max_size=6), st.lists(st.integers(1, 20), max_size=4), st.data()
)
@steady(60)
def test_calls_and_points_in_any_order_give_the_same_rows(ended, told, data):
    calls = [call(str(n), minutes) for n, minutes in enumerate(ended)]
    batches = shuffled(data, calls + [point((minutes / 4, minutes)) for minutes in told])
    covered = max(told, default=0)
    for row in stored(batches)[0]:
        if row["operation"] != "turn_usage":
            is_paid = ended[int(row["event_id"])] <= covered
            assert row["cost_usd"] == (None if is_paid else 0.125)
            assert (row["metadata"] == {"metered": True}) == is_paid


def test_a_computed_cost_gives_way_to_the_metric(opened, costs):
    opened.write([call("a", 1), call("b", 3)])
    assert costs() == ({"a": 0.125, "b": 0.125}, [], set())
    opened.write([point((0.5, 2))])
    assert costs() == ({"a": None, "b": 0.125}, [0.5], {"a"})
    opened.write([point((0.75, 4))])
    assert costs() == ({"a": None, "b": None}, [0.5, 0.25], {"a", "b"})


def test_a_call_that_comes_after_the_metric_gets_no_computed_cost(opened, costs):
    opened.write([point((0.5, 2))])
    opened.write([call("a", 1), call("b", 3)])
    assert costs() == ({"a": None, "b": 0.125}, [0.5], {"a"})


@pytest.mark.parametrize("is_first", [True, False])
def test_within_a_batch_it_is_the_same_in_each_order(is_first, opened, costs):
    batch = [point((0.5, 2)), call("a", 1), call("b", 3)]
    opened.write(batch if is_first else batch[::-1])
    assert costs() == ({"a": None, "b": 0.125}, [0.5], {"a"})
    opened.write([point((0.5, 4))])
    assert costs() == ({"a": None, "b": None}, [0.5], {"a", "b"})


def test_a_call_is_paid_for_by_the_point_that_comes_after_its_end(opened, costs):
    opened.write([point((0.5, 2)), call("a", 2.5, latency_ms=60_000.0)])
    assert costs() == ({"a": 0.125}, [0.5], set())
    opened.write([point((0.75, 2.6))])
    assert costs() == ({"a": 0.125}, [0.5, 0.25], set())
    opened.write([point((1.0, 4))])
    assert costs() == ({"a": None}, [0.5, 0.25, 0.25], {"a"})


def test_a_series_of_deltas_speaks_for_all_of_its_time(opened, costs):
    first = point((0.5, 1), temporality=1)
    last = point((0.25, 181), temporality=1, start=START + 180 * MINUTE)
    opened.write([first])
    opened.write([last])
    opened.write([call("a", 1), call("b", 180)])
    assert costs() == ({"a": None, "b": None}, [0.5, 0.25], {"a", "b"})


def test_the_calls_of_the_turn_that_a_series_starts_with_are_paid_for(opened, costs):
    opened.write([call("a", -20), call("b", -61)])
    opened.write([point((0.5, 1))])
    assert costs() == ({"a": None, "b": 0.125}, [0.5], {"a"})


def test_calls_of_others_keep_their_computed_cost(opened, costs):
    other = links.metered("shop", "openai", "gpt-4o")
    opened.write([call("a", payer=other), call("b", payer=None), point((0.5, 2))])
    opened.write([call("c", payer=other), call("d", payer=None)])
    assert costs() == (dict.fromkeys("abcd", 0.125), [0.5], set())


def test_a_reported_cost_is_never_taken_away(opened, costs):
    opened.write([call("a", cost_usd=0.375), point((0.5, 2)), call("b", cost_usd=0.375)])
    assert costs() == ({"a": 0.375, "b": 0.375}, [0.5], set())


def test_a_cost_that_is_reported_meanwhile_is_left_alone(opened, costs, database):
    opened.write([call("a")])
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("UPDATE llm_traces SET cost_usd = 0.375, cost_source = 'reported'")
    opened.write([point((0.5, 2))])
    assert costs() == ({"a": 0.375}, [0.5], set())


def test_a_call_whose_price_is_unknown_is_marked_too(opened, database, costs):
    opened._price = lambda trace: trace
    opened.write([call("a", 1)])
    opened.write([point((0.5, 2))])
    assert costs() == ({"a": None}, [0.5], {"a"})


def test_a_call_that_a_metric_pays_for_is_not_unpriced_any_more(opened, database):
    opened._price = lambda trace: trace
    check_told(database, [opened.write([one]).traffic for one in (call("a", 1), point((0.5, 2)))])


def test_a_cost_is_taken_back_once_where_its_row_counts_no_more(opened, database):
    outer, *inner = (
        span(name, parent, scope="openclaw", keys=(PAYER,), started_at=START_MS + n, **USED)
        for n, (name, parent) in enumerate([("o", None), ("c1", "o"), ("c2", "o")])
    )
    batches = ([outer], inner, [point((0.5, 2))])
    check_told(database, [opened.write(batch).traffic for batch in batches])
    assert [row["counted"] for row in read_rows(database, "llm_traces")] == [0, 1, 1, 1]


def test_a_call_without_tokens_does_not_wait(opened, database):
    opened.write([call("a", prompt_tokens=None, completion_tokens=None, total_tokens=None)])
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT count(*) FROM cost_awaited").fetchone() == (0,)


def test_the_table_of_prices_goes_with_the_computed_cost(opened, database):
    def told(trace):
        return price(trace)._replace(metadata=b'{"price_table":"1","user_id":"u"}')

    opened._price = told
    opened.write([call("a", 1)])
    opened.write([point((0.5, 2))])
    (row, _) = read_rows(database, "llm_traces")
    assert row["metadata"] == {"user_id": "u", "metered": True}


def test_a_row_that_is_read_back_is_not_priced_again(opened):
    with closing(sqlite3.connect(":memory:")) as db:
        marked = call(payer=None)._replace(metadata=b'{"metered":true}')
        assert metering.priced(db, marked, price) == marked
        within = marked._replace(metadata=b'{"attributes":{"metered":true}}')
        assert metering.priced(db, within, price).cost_source == "computed"
        assert [is_metered(one) for one in (marked, within, call())] == [
            True,
            False,
            False,
        ]


def test_a_sender_cannot_say_that_a_call_is_metered():
    found = NORMALISER.trace({"provider": "p", "model": "m", "metadata": {"metered": True}}, "x")
    assert found.metadata == b'{"extra":{"metered":true}}'


def test_more_calls_than_a_point_pays_for_are_left_to_the_next(opened, costs, monkeypatch):
    monkeypatch.setattr(metering, "MOST_PAID", 2)
    opened.write([call(name) for name in "abcde"])
    for minutes, left in ((2, "cde"), (3, "e"), (4, "")):
        opened.write([point((0.5, minutes))])
        assert "".join(name for name, usd in costs()[0].items() if usd) == left


def test_of_the_calls_that_wait_and_of_the_series_only_so_many_are_kept(
    opened, database, monkeypatch
):
    monkeypatch.setattr(metering, "MOST_AWAITED", 3)
    monkeypatch.setattr(series, "MOST_SERIES", 2)
    opened.write([call(name) for name in "abcde"])
    for pid in range(4):
        opened.write([point((0.5, -99), pid=pid)._replace(created_at=pid)])
    with closing(sqlite3.connect(database)) as db:
        waiting = db.execute("SELECT event_id FROM cost_awaited ORDER BY id").fetchall()
        assert "".join(name for (name,) in waiting) == "cde"
        assert db.execute("SELECT seen_at FROM cost_series ORDER BY seen_at").fetchall() == [
            (2,),
            (3,),
        ]


@pytest.mark.slow
def test_what_a_killed_service_had_accepted_is_counted_once(database):
    sent = [json.loads(body_of(cost((value, value)), media_type=JSON)) for value in (0.25, 0.75)]
    with serving(database) as service:
        service.post("/v1/metrics", sent[0])
        wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the first row")
        with Lock(database):
            for body in (sent[1], sent[0], sent[1]):
                service.post("/v1/metrics", body)
            service.process.kill()
            service.process.wait()
    with serving(database) as service:
        wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "the replay")
        service.post("/v1/metrics", sent[1])
        wait_until(lambda: service.metric("tokenweir_events_merged_total") == 3, "the last")
        assert balances(sums_shown(service))
    assert total_of(database) == 0.75
