"""Over which HTTP layer the tests run: the option --http, and the mark `both_layers`.

The rule: a test runs over both layers where its subject is what a layer could do otherwise: bytes
on the wire, bodies and their codings, answers and refusals, keys, limits and clocks of requests,
what /metrics and the health pages say, real senders and proxies, kills, stops and drains. Its
module then has the mark `both_layers`, and the layer stands in the ids of its tests. What is stored
(rows, joins, costs, retention, the disk's faults), commands and dashboards are behind the layer:
those tests run once, over the layer of --http, which is the default's unless it is given.

Over the other layer all tests that have the mark are slow. A fixture of a module with the mark that
starts a service and outlives a test must ask for `layer`, so that it ends when the layer changes.
"""

from dataclasses import fields

import pytest

from server.config import Config

(_SETTING,) = (one for one in fields(Config) if one.name == "http")
LAYERS = _SETTING.metadata["choices"]


def pytest_addoption(parser):
    words = "HTTP layer of all tests; those marked both_layers have the other one as slow tests"
    parser.addoption("--http", choices=LAYERS, default=_SETTING.default, help=words)


def pytest_generate_tests(metafunc):
    if metafunc.definition.get_closest_marker("both_layers"):
        first = metafunc.config.getoption("http")
        others = [pytest.param(one, marks=pytest.mark.slow) for one in LAYERS if one != first]
        metafunc.parametrize("layer", [first, *others], indirect=True, scope="module")
