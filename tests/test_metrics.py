"""docs/metrics.md says what a running service shows: names, types, labels, texts, sets, buckets."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import prometheus_client
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from .monitoring.programs import find
from .process import serving

DOCUMENT = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text("utf-8")
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
FORMATS = {"text": ({}, parse_text), "openmetrics": (OPENMETRICS, parse_openmetrics)}
UNITS = {  # by how names end, less _total
    "seconds": "seconds",
    "bytes": "bytes",
    "usd": "US dollars",
    "events": "events",
    "tokens": "tokens",
    "requests": "requests calls",
    "rows": "rows",
}


def table(first):
    """The rows of the tables whose first column is called `first`, as lists of cells."""
    lines = DOCUMENT.splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith(f"| {first} |")]
    for line in (line for at in starts for line in rows_from(lines, at + 2)):
        yield [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def rows_from(lines, at):
    while lines[at].startswith("|"):
        yield lines[at]
        at += 1


CATALOGUE = {row[0].strip("`"): row[1:] for row in table("name")}
SETS = [
    (label.strip("`"), of.strip("`"), re.findall(r"`(\w+)`", values))
    for label, of, values in table("label")
]
BUCKETS = {name: [float(bound) for bound in bounds.split()] for name, _, bounds in table("set")}
assert CATALOGUE
assert SETS
assert BUCKETS


@pytest.fixture(autouse=True)
def _as_served():
    """As `tokenweir serve` does, for what is made in this process."""
    prometheus_client.disable_created_metrics()
    yield
    prometheus_client.enable_created_metrics()


@pytest.fixture
def scrape(get):
    """All families, by their names as they are in queries."""

    async def scrape(form="text"):
        headers, parse = FORMATS[form]
        text = (await get("/metrics", headers=headers)).body.decode()
        return {f.name + "_total" * (f.type == "counter"): f for f in parse(text)}

    return scrape


@pytest.fixture
def fed(post, rows, scrape):
    """The same once every metric has a sample."""

    async def fed(form="text"):
        call = {"latency_ms": 900, "time_to_first_token_ms": 90}
        await post("/v1/traces", {"provider": "openai", "model": "gpt-4o", **call})
        await post("/v1/errors", {"error_type": "TimeoutError", "message": "late"})
        await rows()
        return await scrape(form)

    return fed


def ours(families):
    return {name: f for name, f in families.items() if name.startswith("tokenweir_")}


def labels_of(family):
    return {label for sample in family.samples for label in sample.labels} - {"le"}


@pytest.mark.gen_test
@pytest.mark.parametrize("form", FORMATS)
async def test_names_types_labels_and_help_are_the_documented_ones(fed, form):
    shown = {
        name: (family.type, labels_of(family), family.documentation)
        for name, family in ours(await fed(form)).items()
    }
    assert shown == {
        name: (kind.split()[0], set(re.findall(r"\w+", labels)), help)
        for name, (kind, labels, _, help, _) in CATALOGUE.items()
    }


@pytest.mark.gen_test
async def test_the_librarys_own_metrics_are_named(scrape):
    theirs = {name for name in await scrape() if not name.startswith("tokenweir_")}
    assert theirs == set(re.findall(r"`((?:process|python)_\w+)`", DOCUMENT))


@pytest.mark.gen_test
async def test_histograms_have_the_documented_buckets(fed):
    for name, family in ours(await fed()).items():
        if family.type == "histogram":
            bounds = {float(s.labels["le"]) for s in family.samples if "le" in s.labels}
            assert sorted(bounds) == [*BUCKETS[CATALOGUE[name][0].split()[1]], float("inf")], name


@pytest.mark.gen_test
async def test_the_first_scrape_has_every_closed_set_of_labels_at_0(scrape, fed):
    first = ours(await scrape())
    for name, family in first.items():
        if family.type == "counter":
            assert {s.value for s in family.samples} <= {0}, name
    fed = ours(await fed())
    for label, of, values in SETS:
        families = fed if of.startswith("tokenweir_llm_") else first
        for where, found in values_of(families, label, of):
            assert found == set(values), (label, of, where)


@pytest.mark.gen_test
async def test_every_label_of_the_first_scrape_is_a_documented_set(scrape):
    closed = {(of.partition("{")[0], label) for label, of, _ in SETS}
    known = {"kind", *CATALOGUE["tokenweir_build_info"][1].split(", ")}
    for name, family in ours(await scrape()).items():
        assert {lab for lab in labels_of(family) if (name, lab) not in closed} <= known, name


def values_of(families, label, of):
    """The label's values, for each kind, or else each route, that the samples of `of` have."""
    name, _, selector = of.partition("{")
    chosen = {name: families[name]} if name.startswith("tokenweir_") else families
    found = defaultdict(set)
    for metric, family in chosen.items():
        for labels in (s.labels for s in family.samples if label in s.labels):
            if is_selected(labels, selector):
                other = next((labels[one] for one in ("kind", "route") if one in labels), "")
                found[metric, "" if label in ("kind", "route") else other].add(labels[label])
    assert found
    return found.items()


def is_selected(labels, selector):
    wanted = re.findall(r'(\w+)=~?"([^"]*)"', selector)
    return all(re.fullmatch(pattern, labels[label]) for label, pattern in wanted)


@pytest.mark.parametrize("name", CATALOGUE)
def test_names_end_in_what_they_count_or_in_their_base_unit(name):
    kind, _, unit, _, _ = CATALOGUE[name]
    assert name.endswith("_total") == (kind == "counter")
    assert ("timestamp" in name) == name.endswith("_timestamp_seconds")
    last = name.removesuffix("_total").split("_")[-1]
    assert unit in UNITS.get(last, unit)
    assert last not in ("ms", "milliseconds", "minutes", "kb", "mb", "percent", "count", "created")


@pytest.mark.slow
def test_promtool_has_nothing_to_say_of_a_real_scrape_which_has_no_created_samples(database):
    promtool = find("promtool")
    with serving(database) as service:
        service.post("/v1/traces", {"provider": "openai", "model": "gpt-4o", "latency_ms": 900})
        text = service.get("/metrics")
    assert "_created" not in text
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
