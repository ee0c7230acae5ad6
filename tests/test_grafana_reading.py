"""Variables and macros become what Grafana and the SQLite plugin make of them."""

import pytest

from grafana.reading import prometheus, queries, sqlite
from grafana.reading.chosen import Chosen, choose
from grafana.reading.dashboards import ALL, parse
from grafana.reading.windows import Window, milliseconds, shown

HOUR = Window(1_700_000_000_000, 1_700_003_600_000)


def dashboard(*panels, variables=()):
    return parse(
        {
            "uid": "u",
            "title": "t",
            "panels": list(panels),
            "annotations": {"list": []},
            "templating": {"list": list(variables)},
        }
    )


def panel(number, **more):
    target = {"refId": "A", "datasource": {"type": "prometheus"}, "expr": "up[$__rate_interval]"}
    return {"id": number, "type": "stat", "title": "p", "targets": [target], **more}


def variable(**more):
    return {"name": "x", "type": "query", "query": "label_values(up, job)", **more}


def test_panels_in_collapsed_rows_are_read_and_rows_are_not():
    row = {"type": "row", "panels": [panel(2), panel(3)]}
    assert [one.id for one in dashboard(panel(1), row).panels] == [1, 2, 3]


@pytest.mark.parametrize(
    ("width_ms", "interval"),
    [
        (5 * 60_000, "15s"),  # not below the scrape interval
        (6 * 3_600_000, "20s"),
        (24 * 3_600_000, "1m"),
        (7 * 86_400_000, "10m"),
        (30 * 86_400_000, "30m"),
    ],
)
def test_the_interval_grows_with_the_time_range_in_round_steps(width_ms, interval):
    assert prometheus.resolve("$__interval", {}, Window(0, width_ms)) == interval


@pytest.mark.parametrize(
    ("window", "rate"),
    [(HOUR, "1m"), (Window(0, 86_400_000), "75s"), (Window(0, 1, scrape_ms=1000), "4s")],
)
def test_rates_reach_over_four_scrapes_or_more(window, rate):
    assert prometheus.resolve("$__rate_interval", {}, window) == rate


def test_the_range_is_told_in_seconds_and_the_ends_in_milliseconds():
    assert prometheus.resolve("[$__range] ${__range_s}", {}, HOUR) == "[3600s] 3600"
    assert sqlite.resolve("$__from $__to", {}, HOUR) == "1700000000000 1700003600000"


@pytest.mark.parametrize("text", ["15s", "1m", "500ms", "2h", "7d", "75s"])
def test_durations_read_back_as_they_are_shown(text):
    assert shown(milliseconds(text)) == text


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        (Chosen(("127.0.0.1:4318",), several=True), r"127\\.0\\.0\\.1:4318"),
        (Chosen(("a", "b|c"), several=True), r"(a|b\\|c)"),
        (Chosen((".+",), several=True, verbatim=True), ".+"),
        (Chosen(("a.b",)), "a.b"),
    ],
)
def test_values_in_promql_match_what_they_say_and_no_more(chosen, text):
    assert prometheus.resolve('up{x=~"$x"}', {"x": chosen}, HOUR) == f'up{{x=~"{text}"}}'


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        (Chosen(("it's",)), "'it''s'"),
        (Chosen(("a", "b'; DROP TABLE t; --"), several=True), "'a','b''; DROP TABLE t; --'"),
        (Chosen(("",)), "''"),
        (Chosen(("NULL",), several=True, verbatim=True), "NULL"),
    ],
)
def test_values_in_sql_are_quoted_by_sqlstring(chosen, text):
    assert sqlite.resolve("IN (${x:sqlstring})", {"x": chosen}, HOUR) == f"IN ({text})"


def test_several_values_without_a_format_are_a_glob_in_sql():
    assert sqlite.resolve("$x", {"x": Chosen(("a", "b"), several=True)}, HOUR) == "{a,b}"


def test_the_grouping_macro_cuts_times_down_to_whole_intervals():
    sql = "SELECT $__unixEpochGroupSeconds(created_at, $__interval_ms) / 1000 AS time"
    assert sqlite.resolve(sql, {}, HOUR, 60_000) == (
        "SELECT cast((created_at / 60000) as int) * 60000 / 1000 AS time"
    )


@pytest.mark.parametrize(
    "rest", ["", ", 1.5", ", $__interval_ms / 1000", ", 60, 0", ", 60, NULL, 1"]
)
def test_the_grouping_macro_is_as_picky_as_the_plugin(rest):
    with pytest.raises(ValueError, match=r".+"):
        sqlite.resolve(f"$__unixEpochGroupSeconds(time{rest})", {}, HOUR)


def test_other_macros_and_unknown_variables_stay_as_the_plugin_leaves_them():
    text = "$__timeFilter(time) $other ${other:csv} '$.metered'"
    assert sqlite.resolve(text, {}, HOUR) == text


def test_all_is_its_own_value_or_every_option():
    whole = dashboard(variables=[variable(multi=True, includeAll=True, allValue=".+")])
    assert choose(whole, {"x": ALL}, {"x": ["a", "b"]})["x"] == Chosen((".+",), True, True)
    listed = dashboard(variables=[variable(multi=True, includeAll=True)])
    assert choose(listed, {"x": [ALL]}, {"x": ["a", "b"]})["x"] == Chosen(("a", "b"), True)


def test_a_variable_is_what_is_picked_or_current_or_its_first_option():
    current = variable(current={"text": "c", "value": "c"})
    assert choose(dashboard(variables=[current]), {"x": "p"}, {})["x"] == Chosen(("p",))
    assert choose(dashboard(variables=[current]), {}, {})["x"] == Chosen(("c",))
    assert choose(dashboard(variables=[variable()]), {}, {"x": ["a", "b"]})["x"] == Chosen(("a",))
    box = variable(type="textbox", query="")
    assert choose(dashboard(variables=[box]), {}, {"x": ["a"]})["x"] == Chosen(("",))


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ('label_values(up{a=~"$a",b="c, d"}, job)', ('up{a=~"$a",b="c, d"}', "job")),
        ("label_values(job)", (None, "job")),
    ],
)
def test_label_values_name_a_selector_and_a_label(query, parts):
    assert prometheus.label_values(query) == parts
    with pytest.raises(ValueError, match="no label_values"):
        prometheus.label_values("query_result(up)")


def test_a_panel_may_ask_for_longer_intervals():
    one = dashboard(panel(1, interval="1h")).panels[0]
    assert queries.of_panel(one, one.targets[0], {}, HOUR) == "up[3615s]"
