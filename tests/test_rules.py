"""Rules name what exists; each alert is shown firing and silent, and has its runbook section."""

import re
import subprocess
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from grafana.reading.dashboards import FOLDER, read
from server.metrics import Metrics

from .monitoring.programs import find

TOP = Path(__file__).parents[1]
PROMETHEUS, ALERTMANAGER = TOP / "grafana" / "prometheus", TOP / "grafana" / "alertmanager"
RUNBOOK = (TOP / "docs" / "runbook.md").read_text("utf-8")
LINK = "https://github.com/tokenweir/tokenweir/blob/main/docs/runbook.md#"


def load(path):
    return yaml.safe_load(path.read_text("utf-8"))


RULES = [rule for group in load(PROMETHEUS / "rules.yml")["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = [rule["record"] for rule in RULES if "record" in rule]
CASES = load(PROMETHEUS / "rules_test.yml")["tests"]
SETTING = load(PROMETHEUS / "prometheus.yml")
JOBS = {job["job_name"] for job in SETTING["scrape_configs"]}
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
SUFFIX = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
LATER = {"tokenweir_http_requests_total": {"route", "method", "code"}}
"""Metrics that have no series before the first request, with their labels."""

each_alert = pytest.mark.parametrize("alert", ALERTS)
each_recorded = pytest.mark.parametrize("record", RECORDED)
each_rule = pytest.mark.parametrize(
    "expr", [rule["expr"] for rule in RULES], ids=[*RECORDED, *ALERTS]
)
assert ALERTS
assert RECORDED


def run(program, *arguments):
    """What it prints, where it ends well."""
    done = subprocess.run((find(program), *map(str, arguments)), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_its_setting_and_the_rules():
    said = run("promtool", "check", "config", "--lint=all", PROMETHEUS / "prometheus.yml")
    assert f"{len(RULES)} rules found" in said


def test_prometheus_finds_no_fault_with_the_rules():
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", PROMETHEUS / "rules.yml")


@pytest.mark.slow
def test_each_alert_fires_and_is_silent_when_the_unit_tests_say():
    run("promtool", "test", "rules", PROMETHEUS / "rules_test.yml")


def test_alertmanager_takes_its_setting():
    run("amtool", "check-config", ALERTMANAGER / "alertmanager.yml")


@pytest.mark.parametrize(
    ("severity", "receiver"), [("critical", "page"), ("warning", "ticket"), ("info", "review")]
)
def test_each_severity_has_a_receiver_of_its_own(severity, receiver):
    config = f"--config.file={ALERTMANAGER / 'alertmanager.yml'}"
    assert run("amtool", "config", "routes", "test", config, f"severity={severity}") == (
        f"{receiver}\n"
    )


@each_alert
def test_an_alert_has_a_severity_a_text_and_a_link_to_its_section(alert):
    annotations = ALERTS[alert]["annotations"]
    assert ALERTS[alert]["labels"]["severity"] in {"critical", "warning", "info"}
    assert annotations.keys() == {"summary", "description", "runbook_url"}
    assert all(annotations.values())
    assert annotations["runbook_url"] == LINK + alert.lower()


def test_the_runbook_has_a_section_an_alert_in_their_order_and_no_other():
    assert re.findall(r"^## (.*)$", RUNBOOK, re.MULTILINE) == list(ALERTS)


@each_alert
def test_a_section_says_what_it_means_what_is_lost_and_when_it_clears(alert):
    section = re.split(r"^## ", RUNBOOK.split(f"\n## {alert}\n")[1], flags=re.MULTILINE)[0]
    assert section.startswith("\n**What it means.** ")
    assert "\n**What is lost.** " in section
    assert "**It clears** " in section


def test_the_runbook_s_links_within_the_page_lead_to_sections():
    anchors = {heading.lower() for heading in re.findall(r"^## (.*)$", RUNBOOK, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= anchors


def test_what_the_runbook_has_the_service_say_is_in_the_program():
    program = "".join(path.read_text("utf-8") for path in (TOP / "server").rglob("*.py"))
    said = re.findall(r"\bsays(?:,)?\s+`([^`]+)`", RUNBOOK)
    assert len(said) > 5
    assert [text for text in said if text.removeprefix("the journal ") not in program] == []


def test_the_panels_that_the_runbook_names_are_on_the_dashboard():
    dashboard = read(FOLDER / "tokenweir-ingest.json")
    bold = {" ".join(name.split()) for name in re.findall(r"\*\*([^*]+)\*\*", RUNBOOK)}
    openings = {"What it means.", "What is lost.", "Look first", "It clears", "Do", "bold"}
    named = {name for name in bold - openings if not name.startswith(("To ", "The "))}
    assert named
    assert named <= {panel.title for panel in dashboard.panels}


@each_alert
def test_an_alert_is_shown_silent_and_a_minute_later_firing(alert):
    silent: set[tuple[int, int]] = set()
    firing: set[tuple[int, int]] = set()
    for number, case in enumerate(CASES):
        for test in case.get("alert_rule_test", ()):
            if test["alertname"] == alert:
                (firing if test["exp_alerts"] else silent).add((number, minutes(test)))
    assert any((case, minute - 1) in silent for case, minute in firing)
    assert {case for case, _ in silent} - {case for case, _ in firing}


def minutes(test):
    number, unit = int(test["eval_time"][:-1]), test["eval_time"][-1]
    return number * {"m": 1, "h": 60}[unit]


@each_recorded
def test_a_recorded_series_is_shown_under_load_and_idle(record):
    tests = list(chain.from_iterable(case.get("promql_expr_test", ()) for case in CASES))
    about = [test for test in tests if record in test["expr"]]
    assert len(about) > 1
    assert any(test["exp_samples"] for test in about if test["expr"] == record)


def test_the_unit_tests_name_no_alert_that_is_gone():
    tested = {test["alertname"] for case in CASES for test in case.get("alert_rule_test", ())}
    assert tested == ALERTS.keys()


@pytest.fixture(scope="module")
def registry():
    """The labels of our metrics, with all values that they may have, by name.

    What has no series yet has the values that the other metrics have.
    """
    known: dict[str, Any] = {}
    values: defaultdict[str, set[str]] = defaultdict(set)
    for family in Metrics(CollectorRegistry(), "openai/gpt-4o").registry.collect():
        for suffix in SUFFIX.get(family.type, ()):
            labels = known.setdefault(family.name + suffix, defaultdict(set))
            for label, value in chain.from_iterable(s.labels.items() for s in family.samples):
                labels[label].add(value)
                values[label].add(value)
    later = {name: {label: values[label] for label in labels} for name, labels in LATER.items()}
    return known | later


@each_rule
def test_each_metric_label_and_value_of_a_rule_exists(expr, registry):
    selectors = re.findall(r"\b((?:tokenweir|process)_\w+|up)\b(?:\{([^}]*)\})?", expr)
    assert selectors
    for name, matchers in selectors:
        assert name in registry or not name.startswith("tokenweir_")
        for label, _, values in MATCHER.findall(matchers):
            known = JOBS if label == "job" else registry[name][label]
            assert set(values.split("|")) <= known


@each_rule
def test_a_rule_groups_by_labels_that_its_metrics_have(expr, registry):
    names = re.findall(r"\btokenweir_\w+", re.sub(r"\{[^}]*\}", "", expr))
    labels = {label for name in names for label in registry[name]} | {"job", "instance", "le"}
    grouped = re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", expr)
    assert {label.strip() for group in grouped for label in group.split(",")} - {""} <= labels
