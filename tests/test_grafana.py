"""The dashboards keep their common rules and name only metrics that exist."""

import json
import re
from itertools import product
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from server.metrics import Metrics

GRAFANA = Path(__file__).parents[1] / "grafana"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"eps", "reqps", "ops", "s", "bytes", "percentunit", "currencyUSD", "short", "none"}
SAMPLES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
NO_METRIC = r'\{[^}]*\}|\[[^]]*\]|"[^"]*"|\b(by|without|on|ignoring|group_\w+)\s*\([^)]*\)'
DASHBOARDS = [json.loads(path.read_text("utf-8")) for path in GRAFANA.rglob("*.json")]
assert DASHBOARDS


def panels_of(dash):  # rows too, and what is inside collapsed rows
    return [panel for top in dash["panels"] for panel in (top, *top.get("panels", ()))]


PANELS = [panel for dash in DASHBOARDS for panel in panels_of(dash) if panel["type"] != "row"]
each_panel = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.get("title"))
each_dashboard = pytest.mark.parametrize("dash", DASHBOARDS, ids=lambda dash: dash["uid"])


def names(expr):
    """The metrics of `expr`: each word that is no label, function, operator or number."""
    words = re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", re.sub(NO_METRIC, " ", expr))
    return [word for word in words if word not in ("and", "or", "unless", "bool", "offset")]


@each_dashboard
def test_every_metric_that_a_dashboard_names_exists_in_the_registry(dash):
    families = Metrics(CollectorRegistry()).registry.collect()
    known = {f.name + suffix for f in families for suffix in SAMPLES.get(f.type, ())} | {"up"}
    exprs = [t["expr"] for panel in panels_of(dash) for t in panel.get("targets", ())]
    exprs += [annotation["expr"] for annotation in dash["annotations"]["list"]]
    named = {name for expr in exprs for name in names(expr)}
    named.update(re.findall(r"label_values\((\w+)", json.dumps(dash["templating"])))
    assert {n for n in named - known if not n.startswith(("process_", "python_"))} == set()


@each_panel
def test_every_panel_has_a_title_a_description_a_unit_and_the_datasource(panel):
    assert all(panel[key] for key in ("title", "description", "targets"))
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert all(one["datasource"] == DATASOURCE for one in (panel, *panel["targets"]))


@each_panel
def test_every_target_matches_job_and_instance_and_rates_over_the_rate_interval(panel):
    for expr in (target["expr"] for target in panel["targets"]):
        selectors = re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expr)
        assert [name for name, _ in selectors] == names(expr)
        assert selectors
        assert all('job=~"$job",instance=~"$instance"' in match for _, match in selectors)
        assert not re.search(r"\brate\((?![^[()]*\[\$__rate_interval\]\))", expr)


@each_dashboard
def test_panels_do_not_overlap_and_ids_are_unique(dash):
    panels = panels_of(dash)
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [[panel["gridPos"][key] for key in "xywh"] for panel in panels]
    cells = [c for x, y, w, h in places for c in product(range(x, x + w), range(y, y + h))]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_provisioning_names_the_dashboards_path_and_the_datasource():
    provider = GRAFANA / "provisioning" / "dashboards" / "tokenweir.yaml"
    assert "path: /var/lib/grafana/dashboards\n" in provider.read_text("utf-8")
    datasource = GRAFANA / "provisioning" / "datasources" / "tokenweir.yaml"
    assert "uid: prometheus\n" in datasource.read_text("utf-8")
