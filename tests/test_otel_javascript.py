"""OpenTelemetry's exporters for JavaScript, unchanged: JSON and protobuf, plain and packed."""

import json
from contextlib import ExitStack

import pytest

from . import node
from .conftest import read_rows
from .locking import Lock
from .process import serving, wait_until
from .senders import running

pytestmark = [pytest.mark.both_layers, pytest.mark.slow, node.needed]
each_exporter = pytest.mark.parametrize("kind", ["http", "proto"])


@pytest.fixture
def export(packages):
    """Start an export of so many calls; its process."""
    with ExitStack() as started:

        def export(kind, compression, url, count):
            command = ("node", "otel.js", kind, compression, url, str(count))
            return started.enter_context(running(*command, cwd=packages)).process

        yield export


def ids_of(process):
    """Of the exported spans, once the exporter says that all went well."""
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    ended = json.loads(said)
    assert (ended["code"], errors) == (0, "")
    return sorted(ended["ids"])


@each_exporter
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_javascript_exporters_spans_are_rows(kind, compression, export, database):
    with serving(database) as server:
        ids = ids_of(export(kind, compression, server.url, 3))
        assert server.stop()[0] == 0
    rows = read_rows(database, "llm_traces")
    assert sorted(row["span_id"] for row in rows) == ids
    for number, row in enumerate(rows):
        assert (row["source"], row["provider"], row["model"]) == ("otlp", "openai", "gpt-4o-mini")
        assert (row["prompt_tokens"], row["completion_tokens"]) == (number, 7)
        assert row["metadata"]["service_name"] == "gateway"


@each_exporter
def test_a_javascript_export_that_finds_no_room_comes_again(kind, export, database):
    with serving(database, "--queue-events=8") as server:
        with Lock(database):
            native = [{"provider": "native", "model": "m"}] * 8
            assert server.post("/v1/traces", native)["accepted"] == 8
            process = export(kind, "none", server.url, 5)
            refused = "tokenweir_events_refused_total"
            wait_until(lambda: server.metric(refused) >= 5, "a refusal")
        ids = ids_of(process)
        assert server.metric("tokenweir_events_dropped_total") == 0
        assert server.stop()[0] == 0
    rows = read_rows(database, "llm_traces")
    assert sorted(row["span_id"] for row in rows if row["source"] == "otlp") == ids
