"""The README says what is true: every setting and route is in it, and no metric that is not."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from server.config import Config
from server.metrics import Metrics

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
METRICS = re.findall(r"`(tokenweir_[a-z_]+)`", README)


def test_every_metric_that_is_named_is_there():
    families = Metrics(CollectorRegistry()).registry.collect()
    assert METRICS
    assert set(METRICS) <= {f.name + "_total" * (f.type == "counter") for f in families}


@pytest.mark.parametrize("setting", fields(Config), ids=lambda field: field.name)
def test_every_setting_is_in_the_table_with_its_default(setting):
    row = re.search(rf"^\| `{setting.name}` \| (\S+) \|", README, re.MULTILINE)
    assert row
    assert _read(row[1], type(setting.default)) == setting.default


def _read(cell, kind):
    return {"-": "", "yes": True, "no": False}.get(cell, cell if kind is bool else kind(cell))


@pytest.mark.parametrize(
    "path", ["/v1/traces", "/v1/errors", "/v1/litellm", "/metrics", "/livez", "/readyz", "/health"]
)
def test_every_route_is_named(path):
    assert path in README
