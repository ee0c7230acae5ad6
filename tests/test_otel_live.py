"""OpenTelemetry's own SDK and real instrumentations, unchanged, against the real process."""

import os
import re
import subprocess
import sys
import threading

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from .conftest import read_rows
from .holders import SEND, WRONG, bearer, files
from .ledger import balances, sums_shown
from .locking import Lock
from .process import serving, wait_until
from .stub_model import stub_model

pytestmark = [pytest.mark.both_layers, pytest.mark.slow]

TRACE = {"provider": "native", "model": "m"}
PACKINGS = [Compression.NoCompression, Compression.Gzip, Compression.Deflate]
each_packing = pytest.mark.parametrize("packing", PACKINGS)


@pytest.fixture
def server(database):
    with serving(database) as server:
        yield server


@pytest.fixture
def stored(database):
    """The rows once the service has stopped, and had nothing to complain of."""

    def stored(server, table="llm_traces"):
        stopped(server)
        return read_rows(database, table)

    return stored


def stopped(server):
    """Stop it, if that is not done; it was not to complain."""
    if server.process.poll() is None:
        status, said = server.stop()
        assert (status, re.findall("WARNING|ERROR|Traceback", said)) == (0, []), said


def spans_of(count):
    """So many model calls of one turn, and the turn."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(
        resource=Resource({"service.name": "gateway"}), shutdown_on_exit=False
    )
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("tests")
    with tracer.start_as_current_span("turn"):
        for number in range(count):
            with tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT) as span:
                span.set_attribute("gen_ai.operation.name", "chat")
                span.set_attribute("gen_ai.provider.name", "openai")
                span.set_attribute("gen_ai.request.model", "gpt-4o-mini")
                span.set_attribute("gen_ai.usage.input_tokens", number)
                span.set_attribute("gen_ai.usage.output_tokens", 7)
    return kept.get_finished_spans()


def ids_of(spans):
    """Of the model calls, as they are stored."""
    return sorted(f"{span.context.span_id:016x}" for span in spans if span.name != "turn")


def exporter(url, **options):
    return OTLPSpanExporter(endpoint=f"{url}/v1/traces", timeout=30, **options)


@each_packing
def test_spans_made_by_hand_are_rows(packing, server, stored):
    spans = spans_of(3)
    assert exporter(server.url, compression=packing).export(spans) is SpanExportResult.SUCCESS
    assert server.metric("tokenweir_events_skipped_total") == 1
    rows = stored(server)
    assert sorted(row["span_id"] for row in rows) == ids_of(spans)
    assert {row["trace_id"] for row in rows} == {f"{spans[0].context.trace_id:032x}"}
    for number, row in enumerate(rows):
        told = (row["source"], row["provider"], row["model"], row["operation"], row["status"])
        assert told == ("otlp", "openai", "gpt-4o-mini", "chat", "ok")
        assert (row["prompt_tokens"], row["completion_tokens"]) == (number, 7)
        assert row["latency_ms"] is not None
        assert row["metadata"]["service_name"] == "gateway"


def test_a_span_that_failed_is_a_row_and_an_error(server, stored):
    (span, turn) = spans_of(1)
    span._status = type(span.status)(StatusCode.ERROR, "RateLimitError: slow down")
    assert exporter(server.url).export([span, turn]) is SpanExportResult.SUCCESS
    (row,) = stored(server)
    (error,) = stored(server, "error_events")
    assert row["status"] == "error"
    assert (error["event_id"], error["error_type"]) == (f"{row['event_id']}:error", "llm_error")


@each_packing
def test_a_log_record_of_a_failure_is_an_error(packing, server, stored):
    provider = LoggerProvider(shutdown_on_exit=False)
    target = OTLPLogExporter(endpoint=f"{server.url}/v1/logs", compression=packing)
    provider.add_log_record_processor(SimpleLogRecordProcessor(target))
    logger = provider.get_logger("tests")
    logger.emit(LogRecord(body="all is well", severity_number=SeverityNumber.INFO))
    logger.emit(LogRecord(body="the dam broke", severity_number=SeverityNumber.ERROR))
    provider.shutdown()
    assert server.metric("tokenweir_events_skipped_total") == 1
    (row,) = stored(server, "error_events")
    assert (row["source"], row["message"]) == ("otlp", "the dam broke")


@each_packing
def test_metrics_are_acknowledged(packing, server):
    target = OTLPMetricExporter(endpoint=f"{server.url}/v1/metrics", compression=packing)
    reader = PeriodicExportingMetricReader(target, export_interval_millis=float("inf"))
    provider = MeterProvider([reader], shutdown_on_exit=False)
    provider.get_meter("tests").create_counter("requests").add(3)
    assert provider.force_flush()
    provider.shutdown()
    assert server.metric("tokenweir_events_skipped_total") == 1


@pytest.mark.parametrize("temporality", list(AggregationTemporality)[1:])
def test_a_counter_of_costs_adds_up_over_its_exports(temporality, server, stored):
    target = OTLPMetricExporter(
        endpoint=f"{server.url}/v1/metrics", preferred_temporality={Counter: temporality}
    )
    reader = PeriodicExportingMetricReader(target, export_interval_millis=float("inf"))
    provider = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    counter = provider.get_meter("openclaw").create_counter("openclaw.cost.usd")
    about = {"openclaw.provider": "openai", "openclaw.model": "gpt-4o"}
    for channel, spent in (("webchat", 0.25), ("telegram", 0.5), ("webchat", 0.125), (None, 0.0)):
        counter.add(spent, {**about, "openclaw.channel": channel} if channel else about)
        assert provider.force_flush()
    provider.shutdown()
    rows = stored(server)
    assert sorted(row["cost_usd"] for row in rows) == [0.125, 0.25, 0.5]
    assert {(row["provider"], row["model"], row["operation"]) for row in rows} == {
        ("openai", "gpt-4o", "turn_usage")
    }


def test_a_key_goes_in_the_exporters_headers(database, tmp_path):
    spans, ingest = spans_of(2), files(tmp_path)["ingest_keys_file"]
    with serving(database, f"--ingest-keys-file={ingest}") as server:
        for headers, result in (
            ({}, SpanExportResult.FAILURE),
            (bearer(WRONG), SpanExportResult.FAILURE),
            (bearer(SEND), SpanExportResult.SUCCESS),
            ({"x-api-key": SEND}, SpanExportResult.SUCCESS),
        ):
            assert exporter(server.url, headers=headers).export(spans) is result
        assert server.stop()[0] == 0
    rows = read_rows(database, "llm_traces")
    assert [row["metadata"]["ingest_key"] for row in rows] == ["laptop"] * 2


class Export(threading.Thread):
    """An export on its way: it blocks for as long as it is told to try again."""

    def __init__(self, url, spans):
        super().__init__()
        self._exporter, self._spans = exporter(url), spans
        self.result = None
        self.start()

    def run(self):
        self.result = self._exporter.export(self._spans)

    def end(self):
        self.join(30)
        return self.result


def refused(server, spans):
    """An export that was told to try again: for a queue of 8, whose database is locked."""
    assert server.post("/v1/traces", [TRACE] * 8)["accepted"] == 8
    export = Export(server.url, spans)
    wait_until(lambda: server.metric("tokenweir_events_refused_total") >= 5, "a refusal")
    return export


def test_an_export_that_finds_no_room_is_stored_once_when_there_is_some(database):
    spans = spans_of(5)
    with serving(database, "--queue-events=8") as server:
        with Lock(database):
            export = refused(server, spans)
        assert export.end() is SpanExportResult.SUCCESS
        wait_until(lambda: server.metric("tokenweir_queue_events") == 0, "an empty queue")
        sums = sums_shown(server)
        assert balances(sums)
        assert sums["received"] == sums["accepted"] + sums["refused"]
        assert (sums["accepted"], sums["persisted"], sums["dropped_ingest"]) == (13, 13, 0)
        assert sums["refused"] % 5 == 0
        server.stop()
    rows = read_rows(database, "llm_traces")
    assert sorted(row["span_id"] for row in rows if row["source"] == "otlp") == ids_of(spans)


def test_an_export_of_more_than_the_queue_can_hold_does_not_come_again(database):
    with serving(database, "--queue-events=2") as server:
        with Lock(database):
            assert exporter(server.url).export(spans_of(5)) is SpanExportResult.SUCCESS
        stopped(server)
    assert len(read_rows(database, "llm_traces")) == 2


def test_an_export_outlives_the_service_that_refused_it(database):
    spans = spans_of(5)
    with serving(database, "--queue-events=8") as server:
        with Lock(database):
            export = refused(server, spans)
            server.process.kill()
            server.process.wait()
        port = server.url.rpartition(":")[2]
        with serving(database, "--queue-events=8", f"--port={port}") as next_one:
            assert export.end() is SpanExportResult.SUCCESS
            next_one.stop()
    rows = read_rows(database, "llm_traces")
    assert sorted(row["span_id"] for row in rows if row["source"] == "otlp") == ids_of(spans)
    assert sum(row["source"] == "native" for row in rows) == 8


def test_an_export_that_comes_again_is_stored_once(server, stored):
    spans = spans_of(5)
    for _ in range(2):
        assert exporter(server.url).export(spans) is SpanExportResult.SUCCESS
    assert sorted(row["span_id"] for row in stored(server)) == ids_of(spans)


@pytest.fixture(scope="module", params=["openai_v2", "openinference"])
def asked(request, layer, tmp_path_factory):
    """The rows of calls and errors of a program with this instrumentation."""
    database = str(tmp_path_factory.mktemp(request.param) / "t.db")
    with serving(database) as server, stub_model() as model:
        command = (sys.executable, "-m", "tests.instrumented", request.param, model)
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": server.url}
        done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True)
        assert b"export" not in done.stderr, done.stderr
        stopped(server)
    calls = {row["model"]: row for row in read_rows(database, "llm_traces")}
    return calls, read_rows(database, "error_events")


def test_an_instrumented_clients_calls_are_rows(asked):
    calls, _ = asked
    assert sorted(calls) == [
        "broken",
        "embed-small",
        "gpt-plain",
        "gpt-stream",
        "gpt-tools",
        "limited",
    ]
    assert {row["provider"] for row in calls.values()} == {"openai"}
    assert len({row["trace_id"] for row in calls.values()}) == 1
    assert all(row["latency_ms"] > 0 for row in calls.values())


@pytest.mark.parametrize("model", ["gpt-plain", "gpt-tools", "gpt-stream"])
def test_an_instrumented_clients_tokens_are_those_of_the_provider(model, asked):
    row = asked[0][model]
    tokens = (row["prompt_tokens"], row["completion_tokens"], row["total_tokens"])
    assert (row["status"], tokens) == ("ok", (11, 7, 18))
    assert row["metadata"]["response_model"] == f"{model}-2024-07-18"


def test_an_instrumented_clients_embeddings_have_their_tokens(asked):
    row = asked[0]["embed-small"]
    assert row["operation"] == "embeddings"
    assert (row["prompt_tokens"], row["completion_tokens"]) == (5, None)


@pytest.mark.parametrize("model", ["limited", "broken"])
def test_an_instrumented_clients_failures_are_errors(model, asked):
    calls, errors = asked
    row = calls[model]
    assert (row["status"], row["prompt_tokens"]) == ("error", None)
    assert re.search("RateLimitError|InternalServerError", row["error_type"])
    (error,) = [error for error in errors if error["span_id"] == row["span_id"]]
    assert (error["event_id"], error["error_type"]) == (f"{row['event_id']}:error", "llm_error")
