"""A service before a real Prometheus, in good and in bad times: panels, rules, and the numbers."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from grafana.asking.asked import Asked
from grafana.asking.sqlite import Database
from grafana.reading.dashboards import PROMETHEUS, SQLITE, read_all
from grafana.reading.windows import Window
from server.events import TURN_USAGE

from .ledger import balances
from .monitoring.lives import came_to
from .monitoring.scraping import INTERVAL
from .monitoring.story import told

pytestmark = pytest.mark.slow

DASHBOARDS = read_all()
ENDS = {"counter": "_total", "histogram": "_count"}
LEDGER = 'sum by (__name__) ({__name__=~"tokenweir_events_.+_total"})'
DROPPED = "sum by (stage) (tokenweir_events_dropped_total)"
CALLS = f"llm_traces WHERE operation IS NOT '{TURN_USAGE}'"  # what an agent adds up is none
OF_OTHERS = {
    # of what senders do, and of the machine of this test
    *("TokenweirModelErrorRateHigh", "TokenweirLabelOverflow", "TokenweirEventLoopBlocked"),
    *("TokenweirDiskFillingUp", "TokenweirDiskAlmostFull", "TokenweirJournalFailing"),
}
NOTICED = {
    "firing": {"TokenweirAcceptedEventsLost", "TokenweirDeadLetters"},
    # until it has lasted for minutes
    "pending": {"TokenweirDroppingEvents", "TokenweirQueueFillingUp", "TokenweirJournalFailing"},
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory, shim):
    with told(tmp_path_factory.mktemp("told"), shim) as stage:
        yield stage


@pytest.fixture(scope="module")
def window(stage):
    """The time range of the whole story, but for its idle end: some panels tell of that moment."""
    start, end = stage.started, stage.moments["busy"]
    return Window(int(start * 1000), int(end * 1000), scrape_ms=int(INTERVAL * 1000))


@pytest.fixture(scope="module")
def seen(stage):
    """What a counter came to by the values of some labels, over both processes."""
    return lambda name, *by: came_to(stage.prometheus, f"tokenweir_{name}", stage.started, *by)


@pytest.fixture(scope="module")
def stored(stage):
    """The rows of a SELECT as a dict: by all columns but the last, the last."""

    def stored(select):
        with closing(sqlite3.connect(f"file:{stage.database}?mode=ro", uri=True)) as db:
            return {row[:-1]: row[-1] for row in db.execute(f"SELECT {select}")}

    return stored


@pytest.fixture(scope="module", params=DASHBOARDS, ids=lambda dashboard: dashboard.uid)
def asked(request, stage, window, stored):
    """With the trace of a failed call typed in, where a dashboard asks for one."""
    (failed, *_), *_ = stored(
        "trace_id, count(*) FROM llm_traces WHERE status = 'error' GROUP BY 1"
    )
    database = Database(Path(stage.database))
    return Asked(request.param, window, stage.prometheus, database, {"trace": failed})


def test_no_query_of_any_panel_is_empty(asked):
    assert all(panel.targets for panel in asked.dashboard.panels)
    empty = [
        (panel.title, target.text)
        for panel in asked.dashboard.panels
        for target in panel.targets
        if not any(column.numbers for column in asked.target(panel, target))
    ]
    assert empty == []


def test_every_variable_that_asks_has_values(asked):
    asking = {one.name for one in asked.dashboard.variables if one.kind in (PROMETHEUS, SQLITE)}
    assert set(asked.options) == asking
    assert [name for name, values in asked.options.items() if not values] == []


def test_every_annotation_has_something_to_show(asked):
    annotations = asked.dashboard.annotations
    assert [one.text for one in annotations if not asked.annotation(one)] == []


def test_every_metric_that_a_panel_or_a_rule_names_was_scraped(stage):
    rules = [rule["query"] for rule in stage.prometheus.rules()]
    panels = [
        target.text
        for dashboard in DASHBOARDS
        for panel in dashboard.panels
        for target in panel.targets
        if target.kind == PROMETHEUS
    ]
    named = {name for text in (*rules, *panels) for name in re.findall(r"\btokenweir_\w+", text)}
    assert len(named) > 20
    assert named - set(stage.prometheus.names()) == set()


def test_the_story_moves_every_counter_and_histogram(stage, seen):
    """So none of the panels shows a line of zeros only, and none of these names is dead."""
    shown = text_string_to_metric_families(stage.service.get("/metrics"))
    names = [one.name + ENDS[one.type] for one in shown if one.type in ENDS]
    ours = [name.removeprefix("tokenweir_") for name in names if name.startswith("tokenweir_")]
    assert len(ours) > 30
    assert [name for name in ours if not sum(seen(name).values())] == []


def test_prometheus_reads_all_of_it_as_openmetrics_and_complains_of_nothing(stage):
    known = stage.prometheus.metadata()
    assert known["tokenweir_events_accepted"] == "counter"  # the text format's name ends in _total
    assert stage.prometheus.targets()[0]["lastError"] == ""
    scraped = stage.prometheus.value("scrape_samples_scraped")
    assert 300 < scraped < 2000
    assert scraped == stage.prometheus.value("scrape_samples_post_metric_relabeling")
    log = stage.prometheus.log.read_text().splitlines()
    assert [line for line in log if re.search("level=(warn|error)", line)] == []


def test_no_alert_is_active_while_all_is_well_and_the_troubles_wake_theirs(stage):
    end = stage.moments["end"]
    assert {rule["health"] for rule in stage.prometheus.rules()} == {"ok"}
    well = stage.prometheus.instant("ALERTS", stage.moments["well"])
    assert {labels["alertname"] for labels, _ in well} <= OF_OTHERS
    found = stage.prometheus.over("ALERTS", stage.moments["well"], end, INTERVAL)
    for state, names in NOTICED.items():
        active = {one["alertname"] for one, _ in found if one["alertstate"] == state}
        assert names <= active


def test_every_recorded_series_has_numbers(stage):
    recorded = [rule["name"] for rule in stage.prometheus.rules() if rule["type"] == "recording"]
    assert recorded
    assert [name for name in recorded if not stage.prometheus.instant(name)] == []


@pytest.mark.parametrize("moment", ["settled", "end"])
def test_the_ledger_as_prometheus_sees_it_balances_when_nothing_moves(stage, moment):
    at = stage.moments[moment]
    found = stage.prometheus.instant(LEDGER, at)
    parts = [(re.split("_events_|_total", one["__name__"])[1], value) for one, value in found]
    for labels, value in stage.prometheus.instant(DROPPED, at):
        parts.append((f"dropped_{labels['stage']}", value))
    sums = {**dict(parts), "queue": stage.prometheus.value("tokenweir_queue_events", at)}
    refused = sums["rejected"] + sums["refused"] + sums["dropped_ingest"]
    assert sums["received"] == sums["accepted"] + refused
    assert balances(sums), sums


def test_what_prometheus_saw_persisted_over_a_crash_is_what_the_database_has(seen, stored):
    persisted = seen("events_persisted_total", "kind")
    assert persisted["trace",] == stored("count(*) FROM llm_traces")[()]
    assert persisted["error",] == stored("count(*) FROM error_events")[()]


def test_the_calls_that_prometheus_saw_are_the_rows(seen, stored):
    """Many of them came twice, or in parts; after a crash some came from the journal."""
    calls = stored(f"provider, model, status, count(*) FROM {CALLS} GROUP BY 1, 2, 3")
    shown = seen("llm_requests_total", "provider", "model", "outcome")
    assert sum(shown.values()) == sum(calls.values()) > 500
    frequent = {labels: count for labels, count in calls.items() if count > 20}
    assert len(frequent) > 5
    assert {labels: shown[labels] for labels in frequent} == frequent


def test_the_time_that_prometheus_saw_calls_take_is_the_rows(seen, stored):
    """Of those that are told apart, as others have no histogram."""
    seconds, by = "llm_request_duration_seconds", ("provider", "model")
    counts = stored(f"provider, model, count(latency_ms) FROM {CALLS} GROUP BY 1, 2")
    frequent = {pair: count for pair, count in counts.items() if count > 20}
    shown = seen(f"{seconds}_count", *by)
    assert {pair: shown[pair] for pair in frequent} == frequent
    sums = stored(f"provider, model, sum(latency_ms) / 1000 FROM {CALLS} GROUP BY 1, 2")
    took = seen(f"{seconds}_sum", *by)
    # of a call that is told twice the histogram has the time told first, and the row the better one
    assert {pair: took[pair] for pair in frequent} == pytest.approx(
        {pair: sums[pair] for pair in frequent}, rel=1e-2
    )


def test_the_tokens_the_cost_and_the_errors_that_prometheus_saw_are_the_rows(seen, stored):
    columns = {"input": "prompt", "output": "completion"}
    for (kind,), count in seen("llm_tokens_total", "token_type").items():
        rows = stored(f"sum({columns.get(kind, kind)}_tokens) FROM llm_traces")
        assert count == rows[()] > 0, kind
    spent = stored("sum(cost_usd) FROM llm_traces")[()]
    assert sum(seen("llm_cost_usd_total").values()) == pytest.approx(spent)
    errors = stored("error_type, count(*) FROM error_events GROUP BY 1")
    assert seen("llm_errors_total", "error_type") == errors
