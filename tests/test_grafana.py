"""The dashboards keep their common rules, name metrics that exist, and are what is generated."""

import json
import re
import subprocess
from itertools import product
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import CollectorRegistry

from grafana.generator import files
from grafana.reading import prometheus, queries
from grafana.reading.chosen import Chosen, choose
from grafana.reading.dashboards import FOLDER, PROMETHEUS, SQLITE, read_all, tiles
from grafana.reading.windows import Window
from server.metrics import Metrics

from .monitoring.programs import find

GRAFANA = Path(__file__).parents[1] / "grafana"
SOURCES = {
    PROMETHEUS: {"type": PROMETHEUS, "uid": "${datasource}"},
    SQLITE: {"type": SQLITE, "uid": "${sqlite}"},
}
UNITS = {
    *("eps", "reqps", "ops", "s", "ms", "bytes", "percentunit", "currencyUSD", "short", "none"),
    *("locale", "time:MM-DD HH:mm:ss"),
}
SAMPLES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
NO_METRIC = r'\{[^}]*\}|\[[^]]*\]|"[^"]*"|\b(by|without|on|ignoring|group_\w+)\s*\([^)]*\)'
LEGEND = {"lastNotNull": "Last *", "max": "Max", "mean": "Mean", "sum": "Total"}
"""Calculations, and what Grafana calls them."""
UNUSED = {
    "process_virtual_memory_bytes": "resident memory is what runs out",
    "python_gc_objects_collected": "the event loop's lag shows what collecting costs",
    "python_gc_objects_uncollectable": "no extension here makes such objects",
    "python_gc_collections": "as what they collect",
}
"""Metrics that are on no dashboard and in no rule, and why."""
OWN = {"__from", "__to", "__interval", "__interval_ms", "__range", "__range_s", "__rate_interval"}
OWN |= {"__url_time_range", "__value", "__field", "__unixEpochGroupSeconds"}

DASHBOARDS = read_all()
assert [one.uid for one in DASHBOARDS] == [f"tokenweir-{n}" for n in ("cost", "events", "ingest")]
each_dashboard = pytest.mark.parametrize("dash", DASHBOARDS, ids=lambda dash: dash.uid)
PANELS = [pytest.param(p, id=f"{d.uid}: {p.title}") for d in DASHBOARDS for p in d.panels]
each_panel = pytest.mark.parametrize("panel", PANELS)


def cases_of(kind):
    return [
        pytest.param(panel, target, id=f"{dash.uid}: {panel.title} {target.ref}")
        for dash in DASHBOARDS
        for panel in dash.panels
        for target in panel.targets
        if target.kind == kind
    ]


each_expr = pytest.mark.parametrize(("panel", "target"), cases_of(PROMETHEUS))
each_sql = pytest.mark.parametrize(("panel", "target"), cases_of(SQLITE))


def names(expr):
    """The metrics of `expr`: each word that is no label, function, operator or number."""
    words = re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", re.sub(NO_METRIC, " ", expr))
    return [word for word in words if word not in ("and", "or", "unless", "bool", "offset")]


def exprs_of(dash):
    asked = [target for panel in dash.panels for target in panel.targets]
    found = [one.text for one in (*asked, *dash.annotations) if one.kind == PROMETHEUS]
    labels = [one.query for one in dash.variables if one.kind == PROMETHEUS]
    return [*found, *(prometheus.label_values(query)[0] for query in labels)]


@pytest.fixture(scope="module")
def families():
    """The names of samples of each family of the registry."""
    found = Metrics(CollectorRegistry()).registry.collect()
    types = {family.name: family.type for family in found}
    return {name: {name + end for end in SAMPLES[kind]} for name, kind in types.items()}


@each_dashboard
def test_every_metric_that_a_dashboard_names_exists_in_the_registry(dash, families):
    named = {name for expr in exprs_of(dash) for name in names(expr)}
    assert named - set().union(*families.values()) <= {"up"}


def test_every_metric_is_on_a_dashboard_or_in_a_rule_or_known_not_to_be(families):
    used = {name for dash in DASHBOARDS for expr in exprs_of(dash) for name in names(expr)}
    for rules in (GRAFANA / "prometheus").glob("rules*.yml"):
        used.update(re.findall(r"\w+", rules.read_text("utf-8")))
    assert {name for name, samples in families.items() if not samples & used} == set(UNUSED)


def test_the_files_are_what_the_generator_makes():
    made = files.make()
    found = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    assert made.keys() == found.keys()
    for name, text in made.items():
        assert text == found[name], f"run python -m grafana.generator: {name} differs"


@each_dashboard
def test_a_file_loses_no_key_on_its_way_through_the_typed_model(dash):
    plugins.register_default_plugins()
    typed = json.loads(json.dumps(Dashboard.from_json(dash.json), cls=JSONEncoder))
    for shown in (*typed["links"], *typed["annotations"]["list"]):
        assert shown.pop("placement")  # what the SDK adds, whatever it is given
    assert typed == dash.json


@each_panel
def test_every_panel_has_a_title_a_description_a_unit_and_one_datasource(panel):
    assert all(panel.json[key] for key in ("title", "description", "targets"))
    defaults = panel.json["fieldConfig"]["defaults"]
    assert defaults["unit"] in UNITS
    assert defaults["noValue"]
    overrides = panel.json["fieldConfig"].get("overrides", ())
    units = {p["value"] for one in overrides for p in one["properties"] if p["id"] == "unit"}
    assert units <= UNITS
    (kind,) = {target.kind for target in panel.targets}
    sources = (panel.json["datasource"], *(target.json["datasource"] for target in panel.targets))
    assert all(one == SOURCES[kind] for one in sources)


@each_panel
def test_what_is_overridden_is_there(panel):
    matchers = [one["matcher"] for one in panel.json["fieldConfig"].get("overrides", ())]
    named = {one["options"] for one in matchers if one["id"] == "byName"}
    legends = {target.json.get("legendFormat") for target in panel.targets}
    assert {one for one in named - legends if f'"{one}"' not in panel.targets[0].text} == set()


@each_panel
def test_a_blank_cell_does_not_say_what_a_table_without_rows_says(panel):
    if panel.type == "table":
        first = panel.json["fieldConfig"]["overrides"][0]
        assert first["matcher"] == {"id": "byRegexp", "options": "/.*/"}
        assert first["properties"] == [{"id": "noValue", "value": ""}]


@each_panel
def test_a_bar_in_a_cell_is_measured_against_its_own_column(panel):
    for override in panel.json["fieldConfig"]["overrides"]:
        look = {one["id"]: one["value"] for one in override["properties"]}
        if look.get("custom.cellOptions", {}).get("type") == "gauge":
            assert look.get("fieldMinMax") or look.keys() >= {"min", "max"}


@each_panel
def test_a_column_says_what_series_are_called_only_where_there_is_one(panel):
    named = "displayName" in panel.json["fieldConfig"]["defaults"]
    assert named is any(" AS name," in target.text for target in panel.targets)


@each_panel
def test_a_legend_is_sorted_by_what_it_shows_and_no_bar_s_is_the_unfinished_last(panel):
    if panel.type == "timeseries":
        legend = panel.json["options"]["legend"]
        shown = [LEGEND[one] for one in legend["calcs"]]
        assert legend.get("sortBy", "") in (shown or [""])
        bars = panel.json["fieldConfig"]["defaults"]["custom"].get("drawStyle") == "bars"
        assert not (bars and "Last *" in shown)


@each_panel
def test_a_logarithmic_scale_does_not_begin_at_0(panel):
    defaults = panel.json["fieldConfig"]["defaults"]
    scale = defaults["custom"].get("scaleDistribution", {}) if panel.type == "timeseries" else {}
    assert not (scale.get("type") == "log" and defaults.get("min") == 0)


@each_panel
def test_what_shows_how_full_the_queue_is_looks_at_its_events_and_its_bytes(panel):
    asked = " ".join(target.text for target in panel.targets)
    if "fill" in panel.title.split():
        assert {"tokenweir_queue_events", "tokenweir_queue_bytes"} <= set(names(asked))


@each_panel
def test_what_one_clicks_on_is_in_sight(panel):
    if panel.type == "table" and '"Trace"' in panel.targets[0].text:
        widths = {
            one["matcher"]["options"]: each["value"]
            for one in panel.json["fieldConfig"]["overrides"]
            for each in one["properties"]
            if each["id"] == "custom.width"
        }
        columns = re.findall(r'AS "([^"]+)"', panel.targets[0].text)
        assert sum(widths[name] for name in columns[: columns.index("Trace") + 1]) < 600


@each_expr
def test_every_target_matches_job_and_instance_and_rates_over_the_rate_interval(panel, target):
    selectors = re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", target.text)
    assert [name for name, _ in selectors] == names(target.text)
    assert selectors
    assert all('job=~"$job",instance=~"$instance"' in match for _, match in selectors)
    assert not re.search(r"\brate\((?![^[()]*\[\$__rate_interval\]\))", target.text)
    assert target.json["instant"] is not target.json["range"]


@each_sql
def test_every_sql_query_is_bounded_and_leaves_out_what_only_adds_up_others(panel, target):
    sql = target.text
    assert re.search(r" LIMIT \d+\b", sql)
    within = "created_at BETWEEN $__from AND $__to"
    assert sql.count(" FROM llm_traces WHERE counted AND ") == sql.count(" FROM llm_traces")
    assert within in sql or "trace_id = ${trace:sqlstring}" in sql
    assert target.json["queryText"] == sql
    assert set(target.json["timeColumns"]) == set(re.findall(r'(?<=1000\.0 AS )"([^"]+)"', sql)) | (
        {"time"} if target.json["queryType"] == "time series" else set()
    )


@each_sql
def test_no_line_crosses_the_buckets_in_which_nothing_was_stored(panel, target):
    if panel.type == "timeseries":
        assert panel.json["fieldConfig"]["defaults"]["custom"]["drawStyle"] == "bars"


@each_dashboard
def test_tokens_are_never_added(dash):
    for panel in dash.panels:
        custom = panel.json["fieldConfig"]["defaults"].get("custom", {})
        assert not (panel.title.startswith("Tokens") and "stacking" in custom)


@each_sql
def test_no_bare_column_names_a_series_so_that_an_empty_answer_is_no_error(panel, target):
    assert not re.search(r"(?:SELECT|,) \w+ AS name\b", target.text)


@each_sql
def test_every_variable_in_sql_is_quoted_as_sqlite_wants_it(panel, target):
    uses = re.findall(r"\$(?:\{([^}]+)\}|(\w+))", target.text)
    assert {other for _, other in uses} - {""} <= OWN
    assert all(braced.endswith(":sqlstring") for braced, _ in uses if braced)


@each_dashboard
def test_every_variable_that_is_used_is_there(dash):
    text = json.dumps(dash.json)
    used = {one or other for one, other in re.findall(r"\$(?:(\w+)|\{(\w+))", text)}
    assert used - {one.name for one in dash.variables} <= OWN | {"__all"}


@each_dashboard
def test_variables_are_asked_for_again_with_every_time_range(dash):
    asked = [one for one in dash.variables if one.type == "query"]
    assert asked
    for one in asked:
        assert one.json["refresh"] == 2
        assert (one.multi, one.with_all) == (True, True)
        assert one.all_value == {PROMETHEUS: ".+", SQLITE: "NULL"}[one.kind]


@each_dashboard
def test_dashboards_are_fixed_and_lead_to_each_other_with_the_time_range(dash):
    assert (dash.json["schemaVersion"], dash.json["editable"]) == (42, False)
    assert dash.json["tags"] == ["tokenweir"]
    (link,) = dash.json["links"]
    assert (link["type"], link["tags"], link["keepTime"]) == ("dashboards", ["tokenweir"], True)
    assert link["asDropdown"]
    for shown in (link, *dash.json["annotations"]["list"]):
        assert "placement" not in shown, "Grafana's menu of three dots has no drop-downs"


@each_dashboard
def test_panels_do_not_overlap_and_ids_and_titles_are_unique(dash):
    panels = list(tiles(dash.json))
    for key in ("id", "title"):
        shown = [panel[key] for panel in panels if key == "id" or panel["type"] != "row"]
        assert len(set(shown)) == len(shown)
    places = [[panel["gridPos"].get(key, 0) for key in "xywh"] for panel in panels]
    cells = [c for x, y, w, h in places for c in product(range(x, x + w), range(y, y + h))]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@each_dashboard
def test_links_to_dashboards_set_variables_that_they_have(dash):
    there = {one.uid: {variable.name for variable in one.variables} for one in DASHBOARDS}
    for url in re.findall(r'"(/d/[^"]+)"', json.dumps(dash.json)):
        uid, sets = url.split("/")[2], set(re.findall(r"var-(\w+)=|\{(\w+):queryparam\}", url))
        assert {one or other for one, other in sets} <= there[uid]


def test_every_expression_parses(tmp_path):
    window, chosen = Window(0, 3_600_000), {"job": Chosen(("a", "b"), True)}
    exprs = [
        queries.of_panel(panel, target, choose(dash, {}, {}) | chosen, window)
        for dash in DASHBOARDS
        for panel in dash.panels
        for target in panel.targets
        if target.kind == PROMETHEUS
    ]
    rules = [{"record": f"a:b:c{number}", "expr": expr} for number, expr in enumerate(exprs)]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    command = (find("promtool"), "check", "rules", str(path))
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
