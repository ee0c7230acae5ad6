"""OTLP bodies through the service: told from native ones, counted, and read in slices."""

import asyncio
import json
import math
from itertools import product

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from server.handlers import slices
from server.receivers.documents import WHOLE

from . import otlp
from .otlp import JSON, PROTOBUF, as_json, pairs, record, request, span

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test(timeout=30)]

CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "x": "y" * 1500}
TRACE = {"provider": "p", "model": "m"}


def both(message):
    """A request in both encodings."""
    return [(message.SerializeToString(), PROTOBUF), (as_json(message), JSON)]


@pytest.mark.parametrize("media_type", [PROTOBUF, "application/protobuf", f"{PROTOBUF}; v=1"])
async def test_both_names_of_protobuf_are_taken(media_type, post, rows):
    body = request(span(CALL)).SerializeToString()
    assert (await post("/v1/traces", body, media_type)).code == 200
    assert len(await rows()) == 1


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
async def test_an_empty_request_is_one(path, post, ledger):
    assert (await post(path, b"", PROTOBUF)).code == 200
    if path != "/v1/traces":  # where it is a native trace without anything
        assert (await post(path, b"{}")).code == 200
    assert ledger()["received"] == 0


@pytest.mark.parametrize(
    ("path", "body", "media_type", "code"),
    [
        ("/v1/traces", b"{", PROTOBUF, 400),
        ("/v1/traces", b'{"resourceSpans": [', JSON, 400),
        ("/v1/logs", b"\x0a\x05", PROTOBUF, 400),
        ("/v1/logs", b"[]", JSON, 400),
        ("/v1/logs", b"{}", "application/x-ndjson", 415),
        ("/v1/metrics", b"{}", "text/plain", 415),
        ("/v1/metrics", b"\x0a\x00" * 200_000, PROTOBUF, 413),
    ],
)
async def test_what_is_no_request_is_refused(path, body, media_type, code, post, ledger):
    assert (await post(path, body, media_type)).code == code
    assert ledger()["received"] == 0


async def test_metrics_are_counted_as_skipped(post, counted, ledger):
    message = ExportMetricsServiceRequest()
    for name in ("a", "b"):
        message.resource_metrics.add().scope_metrics.add().metrics.add(
            name=name
        ).gauge.SetInParent()
    for body, media_type in both(message):
        assert (await post("/v1/metrics", body, media_type)).code == 200
    assert counted("events_skipped_total", reason="metric") == 4
    ledger()


ODD = [
    *(None, True, 0, -1, -(2**63), 2**63 - 1, 0.5, -0.0, 1e308, math.nan, math.inf, -math.inf),
    *("", " ", "\0", "x" * 300, "x" * 70_000, "NaN", "1e400", "-5", "9" * 40, "9" * 5000, "1_0"),
    *("[]", "{}", "[{}]", "[null]", '[{"role": null}]', "[" * 2000, '"', '"\\ud800"', "é😀", ":"),
    *(b"\xff\0", [], [None], {}, {"": None}, [[[1]]], ["x", {}], {"role": 5, "content": [5]}),
]
TIMES = (0, 1, 2**63, 2**64 - 1, 1795000000 * 10**9)
NAMES = (*otlp.CALL, *otlp.INFERENCE, *otlp.EXCEPTION)


def odd_spans():
    """A call for every attribute that has an odd value."""
    for number, (name, value) in enumerate(product(NAMES, ODD)):
        start, end = TIMES[number % 5], TIMES[number % 3]
        odd = {"start_time_unix_nano": start, "end_time_unix_nano": end, "kind": number % 9 - 1}
        found = span({**CALL, name: value}, span_id=number.to_bytes(8, "big"), **odd)
        found.events.add(name="exception", time_unix_nano=start, attributes=pairs({name: value}))
        found.status.code = number % 4
        yield found


def odd_records():
    """The same in log records."""
    for number, (name, value) in enumerate(product(NAMES, ODD)):
        odd = {"trace_id": "78" * (number % 17), "time": TIMES[number % 5]}
        yield record(value, {**otlp.EXCEPTION, name: value}, number % 30 - 1, **odd)


@pytest.mark.slow
async def test_odd_values_cost_only_themselves(post, ledger):
    for path, message in (
        ("traces", request(*odd_spans())),
        ("logs", request(*odd_records(), signal="logs")),
    ):
        for body, media_type in both(message):
            answer = await post(f"/v1/{path}", body, media_type)
            assert (answer.code, answer.body) == (200, b"{}" if media_type == JSON else b"")
    assert ledger()["rejected"] == 0


@pytest.mark.parametrize("size", [10, WHOLE])
async def test_native_json_that_speaks_of_otlp_stays_native(size, post, rows):
    otlp: dict[str, list] = {"resourceSpans": [{"scopeSpans": []}]}
    said = {**TRACE, "metadata": otlp, "scopeSpans": [], "input_text": "x" * size}
    texts = {**TRACE, "input_text": json.dumps(otlp), "resourceSpan": otlp}
    for body in (said, texts, [said, texts]):
        assert (await post("/v1/traces", body)).code == 202
    assert len(await rows()) == 4


@pytest.mark.slow
async def test_ten_thousand_spans_are_taken_and_others_have_their_turn(
    post, get, counted, monkeypatch
):
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0)
    spans = [span(span_id=number.to_bytes(8, "big")) for number in range(1, 10_001)]
    for body, media_type in both(request(*spans)):
        asked, sent = 0, asyncio.ensure_future(post("/v1/traces", body, media_type))
        while not sent.done():
            assert (await get("/livez")).code == 200
            asked += 1
        assert (await sent).code == 200
        assert asked > 3
    assert counted("events_skipped_total", reason="not_a_model_call") == 20_000
    too_many = request(*spans, span()).SerializeToString()
    assert (await post("/v1/traces", too_many, PROTOBUF)).code == 413
