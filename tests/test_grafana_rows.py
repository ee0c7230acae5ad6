"""The dashboards' SQL runs on a file that the service wrote, and says what `query totals` says."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from grafana.reading import queries
from grafana.reading.chosen import choose
from grafana.reading.dashboards import SQLITE, read_all
from grafana.reading.windows import Window
from server.store import summary
from server.store.reader import open_readonly

from .stored_rows import HOSTILE, fill

DASHBOARDS = read_all()
QUERIES = [
    (dash, panel, target)
    for dash in DASHBOARDS
    for panel in dash.panels
    for target in panel.targets
    if target.kind == SQLITE
]
CASES = [pytest.param(*one, id=f"{one[0].uid}: {one[1].title}") for one in QUERIES]
VARIABLES = [
    pytest.param(dash, one, id=f"{dash.uid}: {one.name}")
    for dash in DASHBOARDS
    for one in dash.variables
    if one.kind == SQLITE
]
SAME = {
    "Calls": "calls",
    "Failed": "failed",
    "Without usage": "no_usage",
    "Without a price": "unpriced",
    "Input tokens": "prompt_tokens",
    "Output tokens": "completion_tokens",
    "Reported": "reported_usd",
    "Computed": "computed_usd",
}
"""A column of the dashboards, and what `query totals` calls it."""
PICKS = {"trace": "one-trace"}
each_query = pytest.mark.parametrize(("dash", "panel", "target"), CASES)
each_variable = pytest.mark.parametrize(("dash", "variable"), VARIABLES)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("rows") / "t.db")
    with closing(asyncio.new_event_loop()) as loop:  # run() would end the loop of other tests
        loop.run_until_complete(fill(path))
    return path


@pytest.fixture
def db(database):
    with open_readonly(database) as db:
        db.row_factory = sqlite3.Row
        yield db


@pytest.fixture
def window(db):
    """A time range with all that is stored in it."""
    (since, until) = db.execute(
        "SELECT min(created_at), max(created_at) FROM llm_traces"
    ).fetchone()
    return Window(since - 60_000, until + 60_000)


@pytest.fixture
def options(db, window):
    """What each variable lets one choose from."""

    def options(dash):
        found: dict[str, list[str]] = {}
        for one in dash.variables:
            if one.kind == SQLITE:
                sql = queries.of_variable(one, choose(dash, {}, found), window)
                found[one.name] = [value for (value,) in db.execute(sql)]
        return found

    return options


def named(uid, title):
    return next(one for one in QUERIES if (one[0].uid, one[1].title) == (uid, title))


@pytest.fixture
def ask(db, window, options):
    """The rows of a panel."""

    def ask(dash, panel, target, **picks):
        chosen = choose(dash, PICKS | picks, options(dash))
        return db.execute(queries.of_panel(panel, target, chosen, window)).fetchall()

    return ask


@each_query
def test_every_panel_has_rows_with_a_number_and_times_in_the_time_range(
    ask, window, dash, panel, target
):
    rows = ask(dash, panel, target)
    assert rows
    assert any(isinstance(value, int | float) for row in rows for value in row)
    times = [row[name] for row in rows for name in target.json["timeColumns"]]
    # those of one trace are when its calls began, and buckets begin before what is in them
    assert all(window.from_ms - 3.2e10 <= time * 1000 <= window.to_ms for time in times)


@each_query
def test_every_column_has_one_type_as_the_plugin_takes_that_of_the_first_row(
    ask, dash, panel, target
):
    rows = ask(dash, panel, target)
    for name in rows[0].keys():  # noqa: SIM118 a Row has no other way to tell
        types = {type(row[name]) for row in rows} - {type(None)}
        assert len(types) <= 1, (name, types)


@each_query
def test_every_query_searches_by_an_index(db, window, options, dash, panel, target):
    chosen = choose(dash, PICKS, options(dash))
    plan = planned(db, queries.of_panel(panel, target, chosen, window))
    assert any("USING INDEX" in step or "USING COVERING INDEX" in step for step in plan)
    assert not [step for step in plan if step.startswith(("SCAN llm_", "SCAN error_"))]


def planned(db, sql):
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]


@each_variable
def test_every_variable_lists_one_column_by_an_index(db, window, dash, variable):
    sql = queries.of_variable(variable, choose(dash, {}, {}), window)
    rows = db.execute(sql).fetchall()
    assert len(rows) > 1
    assert {len(row) for row in rows} == {1}
    assert all(isinstance(value, str) for (value,) in rows)
    assert [s for s in planned(db, sql) if s.startswith("SEARCH llm_traces USING INDEX")]


@pytest.mark.parametrize("value", [HOSTILE, "'", "%", "x') OR ('1'='1", "$__all", ""])
@pytest.mark.parametrize("name", ["provider", "model", "agent", "session", "trace"])
def test_hostile_values_of_variables_are_compared_and_nothing_else(ask, name, value):
    for dash, panel, target in QUERIES:
        if name in {one.name for one in dash.variables}:
            ask(dash, panel, target, **{name: value})


@pytest.mark.parametrize("name", ["provider", "model", "agent", "session"])
def test_a_chosen_value_shows_its_rows_and_no_others(ask, name):
    latest = named("tokenweir-events", "Latest calls")
    rows = ask(*latest, **{name: HOSTILE})
    assert {row[name.title()] for row in rows} == {HOSTILE}
    assert len(rows) < len(ask(*latest))


def test_a_value_that_nobody_sent_shows_nothing(ask):
    assert ask(*named("tokenweir-events", "Latest calls"), agent="x') OR ('1'='1") == []


def test_what_has_no_agent_or_session_can_be_chosen(ask):
    rows = ask(*named("tokenweir-events", "Latest calls"), agent=["(none)"], session="(none)")
    assert {(row["Agent"], row["Session"]) for row in rows} == {(None, None)}


def test_one_trace_has_its_calls_and_its_errors_by_time(ask):
    rows = ask(*named("tokenweir-events", "One trace"))
    assert [row["Kind"] for row in rows] == ["call", "error"]
    assert rows[1]["Text"] == HOSTILE
    assert [row["Time"] for row in rows] == sorted(row["Time"] for row in rows)
    assert len(ask(*named("tokenweir-events", "One trace"), trace=HOSTILE)) == 1


def test_an_event_of_the_latest_calls_is_found_by_its_id(ask):
    (_, *others, last) = ask(*named("tokenweir-events", "Latest calls"))
    assert others
    found = ask(*named("tokenweir-events", "One trace"), trace=last["Event"])
    assert [(row["Kind"], row["Event"]) for row in found] == [("call", last["Event"])]


def test_an_error_is_found_by_its_id(ask, db):
    (event,) = db.execute("SELECT max(event_id) FROM error_events").fetchone()
    found = ask(*named("tokenweir-events", "One trace"), trace=event)
    assert [(row["Kind"], row["Event"]) for row in found] == [("error", event)]


def test_the_models_have_the_sums_of_query_totals(ask, db):
    rows = ask(*named("tokenweir-cost", "By model"))
    told = {(row["Provider"], row["Model"]): row for row in rows}
    sums = summary.sum_up(db, {})
    assert told.keys() == {(one["provider"], one["model"]) for one in sums}
    for one in sums:
        row = told[one["provider"], one["model"]]
        spent = one["reported_usd"] + one["computed_usd"]
        assert {name: row[name] or 0 for name in SAME} == pytest.approx(
            {name: one[same] for name, same in SAME.items()}
        )
        assert (row["Spent"] or 0) == pytest.approx(spent)


def test_the_headline_is_all_of_them_together(ask, db):
    whole = summary.together(summary.sum_up(db, {}))
    (row,) = ask(*named("tokenweir-cost", "Spent, and on how many calls"))
    assert whole["unpriced"] > 0
    assert dict(row) == pytest.approx(
        {
            "Spent": whole["reported_usd"] + whole["computed_usd"],
            "Calls": whole["calls"],
            "Failed": whole["failed"] / whole["calls"],
            "Without usage": whole["no_usage_share"],
            "Without a price": whole["unpriced"] / whole["calls"],
        }
    )


@pytest.mark.parametrize("title", ["By agent", "By session"])
def test_agents_and_sessions_have_the_same_sums(ask, db, title):
    whole = summary.together(summary.sum_up(db, {}))
    rows = ask(*named("tokenweir-cost", title))
    assert len(rows) > 2
    for name in ("Calls", "Failed", "Input tokens", "Output tokens"):
        assert sum(row[name] or 0 for row in rows) == whole[SAME[name]]
    spent = whole["reported_usd"] + whole["computed_usd"]
    assert sum(row["Spent"] or 0 for row in rows) == pytest.approx(spent)


def test_what_is_spent_over_time_adds_up(ask, db):
    whole = summary.together(summary.sum_up(db, {}))
    spent = whole["reported_usd"] + whole["computed_usd"]
    for title in ("Spent over time by model", "Reported and computed cost"):
        rows = ask(*named("tokenweir-cost", title))
        assert sum(row["usd"] for row in rows) == pytest.approx(spent)
    tokens = ask(*named("tokenweir-cost", "Tokens by kind"))
    assert sum(row["input"] or 0 for row in tokens) == whole["prompt_tokens"]
    calls = ask(*named("tokenweir-cost", "Calls over time"))
    assert sum(row["ok"] + row["failed"] for row in calls) == whole["calls"]


def test_rates_a_minute_are_of_the_interval_that_was_asked_for(ask, db, window):
    whole = summary.together(summary.sum_up(db, {}))
    dash, panel, target = named("tokenweir-events", "Calls a minute by model")
    for minutes in (1, 10):
        longer = replace(panel, json={**panel.json, "interval": f"{minutes}m"})
        rows = ask(dash, longer, target)
        assert sum(row["calls"] for row in rows) * minutes == pytest.approx(whole["calls"])
        assert all(row["time"] % (60 * minutes) == 0 for row in rows)


def test_the_top_errors_name_what_was_thrown_and_how_often(ask, db):
    rows = ask(*named("tokenweir-cost", "Top errors"))
    (stored,) = db.execute("SELECT count(*) FROM error_events").fetchone()
    assert sum(row["Count"] for row in rows) == stored
    assert ("llm_error", "RateLimitError") in {(row["Error"], row["Exception"]) for row in rows}


def test_rows_that_only_add_up_others_are_in_no_panel(ask, db):
    (trace,) = db.execute("SELECT trace_id FROM llm_traces WHERE NOT counted").fetchone()
    (counted,) = db.execute("SELECT count(*) FROM llm_traces WHERE counted").fetchone()
    assert len(ask(*named("tokenweir-events", "Latest calls"))) == counted
    rows = ask(*named("tokenweir-events", "One trace"), trace=trace)
    assert [(row["Kind"], row["Operation"]) for row in rows] == [("call", "chat")]


def test_a_turn_whose_calls_are_not_known_is_no_call_but_has_its_cost_and_tokens(ask, db):
    sql = "SELECT count(*) FROM llm_traces WHERE counted AND operation = 'turn_usage'"
    assert db.execute(sql).fetchone()[0] > 0
    rows = ask(*named("tokenweir-events", "Latest calls"))
    calls = sum(row["Calls"] for row in ask(*named("tokenweir-cost", "By model")))
    assert calls == sum(row["Operation"] != "turn_usage" for row in rows)
