"""What an OTLP sender is answered: in its own encoding, with what is lost, or to try again."""

import asyncio
import gzip
import json
import zlib
from typing import Any

import pytest
from backports import zstd

from server.events import Rejected, Skipped
from server.receivers.otlp.logs import LogsReceiver
from server.receivers.otlp.metrics import MetricsReceiver
from server.receivers.otlp.spans import SpansReceiver

from .holders import SEND, WRONG, bearer, files
from .otlp import JSON, PROTOBUF, call, metric, packed, record, told, tool
from .raw import announced, chunk, chunked, connected, read_answer

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
ITEMS = {"traces": call(1), "logs": record("all is well", number=9), "metrics": metric()}
SKIPPED = {"traces": "not_a_model_call", "logs": "not_a_failure", "metrics": "metric"}
each_encoding = pytest.mark.parametrize("media_type", [PROTOBUF, JSON])
each_signal = pytest.mark.parametrize("signal", ITEMS)


@pytest.fixture
def send(post):
    """Post items of a signal in an encoding."""

    async def send(items, media_type=PROTOBUF, signal="traces", **options):
        body = packed(items, media_type, signal)
        return await post(f"/v1/{signal}", body, media_type, **options)

    return send


@pytest.fixture
def picky(monkeypatch):
    """Have every item refused that would be skipped: with a real one it takes a damaged body."""

    def hook(receiver, kind):
        read = receiver.read

        def picky_read(self, body, media_type):
            for item in read(self, body, media_type):
                fault = Rejected(kind, "schema_invalid", "/agent", "must be string" + "!" * 300)
                yield fault if isinstance(item, Skipped) else item

        monkeypatch.setattr(receiver, "read", picky_read)

    hook(SpansReceiver, "trace")
    hook(LogsReceiver, "error")
    hook(MetricsReceiver, "trace")


@each_encoding
@each_signal
async def test_what_is_taken_is_answered_with_nothing_to_say(signal, media_type, send, ledger):
    assert told(await send([ITEMS[signal]], media_type, signal), media_type, signal) is None
    assert ledger()["accepted"] == (signal == "traces")


@each_encoding
@each_signal
async def test_a_request_without_items_is_fine(signal, media_type, send, post, ledger):
    assert told(await send([], media_type, signal), media_type, signal) is None
    if media_type == PROTOBUF:
        assert told(await post(f"/v1/{signal}", b"", PROTOBUF), PROTOBUF, signal) is None
    assert ledger()["received"] == 0


@each_encoding
@each_signal
async def test_what_is_rejected_is_told_of_in_the_answer(
    signal, media_type, picky, send, ledger, counted
):
    items = [tool(2), call(1), tool(4)] if signal == "traces" else [ITEMS[signal]] * 2
    lost, why = told(await send(items, media_type, signal), media_type, signal)
    assert lost == 2
    assert why.startswith("agent must be string!!!")
    assert len(why) == 300
    assert ledger()["accepted"] == len(items) - 2
    kinds = {"traces": "trace", "logs": "error", "metrics": "trace"}
    assert counted("events_rejected_total", kind=kinds[signal], reason="schema_invalid") == 2


@each_encoding
async def test_a_request_of_which_all_is_rejected_is_not_asked_for_again(media_type, picky, send):
    assert told(await send([tool(1)], media_type), media_type)[0] == 1


@each_encoding
@each_signal
async def test_what_is_no_event_here_is_counted_as_skipped(signal, media_type, send, counted):
    items = [tool(1), tool(2)] if signal == "traces" else [ITEMS[signal]] * 2
    await send(items, media_type, signal)
    assert counted("events_skipped_total", reason=SKIPPED[signal]) == 2


def check_refused(response, reason):
    assert (response.code, response.headers["Retry-After"]) == (503, "1")
    assert response.headers["Content-Type"] == JSON
    assert response.answer["error"]["reason"] == reason


@each_encoding
@pytest.mark.parametrize("settings", [{"queue_events": 4}])
async def test_a_request_that_finds_no_room_is_taken_whole_when_it_comes_again(
    media_type, held, send, post, rows, ledger, counted
):
    await post("/v1/traces", [TRACE] * 2)
    request = [call(1), tool(2), call(3), call(4)]
    check_refused(await send(request, media_type), "queue_full")
    assert counted("events_refused_total", kind="trace", reason="queue_full") == 3
    assert counted("events_skipped_total", reason="not_a_model_call") == 0
    assert counted("http_requests_total", route="traces", method="POST", code="503") == 1
    sums = ledger()
    assert (sums["accepted"], sums["refused"], sums["dropped_ingest"]) == (2, 3, 0)
    held.free.set()
    assert len(await rows()) == 2
    assert told(await send(request, media_type), media_type) is None
    stored = [row["span_id"] for row in await rows() if row["source"] == "otlp"]
    assert stored == [f"{number:016x}" for number in (1, 3, 4)]
    assert counted("events_skipped_total", reason="not_a_model_call") == 1
    assert ledger()["persisted"] == 5


async def test_a_request_that_comes_twice_is_stored_once(send, rows, ledger):
    for _ in range(2):
        assert told(await send([call(1), call(2)]), PROTOBUF) is None
    assert len(await rows()) == 2
    assert ledger()["deduplicated"] == 2


@each_encoding
async def test_a_service_that_stops_asks_for_the_request_again(
    media_type, service, send, ledger, counted
):
    service.pipeline._stopping = True
    check_refused(await send([call(1), tool(2)], media_type), "shutting_down")
    assert counted("events_refused_total", kind="trace", reason="shutting_down") == 1
    assert ledger()["refused"] == 1
    assert told(await send([tool(2)], media_type), media_type) is None


@each_encoding
@pytest.mark.parametrize("settings", [{"queue_events": 2}])
async def test_more_than_the_queue_can_hold_is_taken_as_far_as_it_fits(
    media_type, held, send, rows, ledger, counted
):
    request = [tool(1), *map(call, range(2, 7))]
    answer = told(await send(request, media_type), media_type)
    assert answer == (3, "more than the queue can hold")
    assert counted("events_dropped_total", kind="trace", stage="ingest", reason="queue_full") == 3
    check_refused(await send(request, media_type), "queue_full")
    held.free.set()
    assert [row["span_id"][-1] for row in await rows()] == ["2", "3"]
    assert counted("events_skipped_total", reason="not_a_model_call") == 1
    assert ledger()["refused"] == 5


async def test_more_bytes_than_the_queue_can_hold_are_taken_as_far_as_they_fit(
    service, send, rows, ledger
):
    service.pipeline._unsettled._max_bytes = 20_000
    lost, why = told(await send([call(number) for number in range(100)]), PROTOBUF)
    assert why == "more than the queue can hold"
    assert 0 < len(await rows()) == 100 - lost < 100
    assert ledger()["dropped_ingest"] == lost


@pytest.mark.parametrize("settings", [{"queue_events": 3}])
async def test_a_failed_call_is_two_events_and_one_of_the_lost(held, send, ledger):
    lost, _ = told(await send([call(number, failed=True) for number in range(4)]), PROTOBUF)
    assert lost == 3
    sums = ledger()
    assert (sums["accepted"], sums["dropped_ingest"]) == (2, 6)
    held.free.set()


@pytest.mark.parametrize("settings", [{"queue_events": 1}])
async def test_what_an_empty_queue_cannot_hold_is_not_asked_for_again(send, rows, ledger):
    assert told(await send([call(1, failed=True)]), PROTOBUF)[0] == 1
    assert await rows() == []
    assert ledger()["dropped_ingest"] == 2


@pytest.mark.parametrize("settings", [{"queue_events": 2}])
async def test_a_smaller_call_may_fit_where_the_first_one_does_not(held, send, post, rows, ledger):
    await post("/v1/traces", TRACE)
    request = [call(1, failed=True), call(2), call(3)]
    assert told(await send(request), PROTOBUF) == (2, "more than the queue can hold")
    held.free.set()
    assert [row["span_id"][-1] for row in await rows() if row["source"] == "otlp"] == ["2"]
    assert ledger()["refused"] == 0


@each_signal
@pytest.mark.parametrize("settings", [{"queue_events": 1}])
async def test_nothing_to_store_needs_no_room(signal, held, send, post, ledger):
    await post("/v1/traces", TRACE)
    items = [tool(1)] if signal == "traces" else [ITEMS[signal]]
    assert told(await send(items, PROTOBUF, signal), PROTOBUF, signal) is None
    assert told(await send([], PROTOBUF, signal), PROTOBUF, signal) is None
    assert ledger()["refused"] == 0
    held.free.set()


@pytest.mark.parametrize("settings", [{"queue_events": 1}])
async def test_what_is_rejected_needs_no_room_either(held, picky, send, post, ledger):
    await post("/v1/traces", TRACE)
    assert told(await send([tool(1)]), PROTOBUF)[0] == 1
    assert ledger()["rejected"] == 1
    held.free.set()


@pytest.mark.parametrize(
    "native",
    [
        TRACE | {"input_text": '{"resourceSpans": []}'},
        TRACE | {"metadata": {"resourceSpans": 1}},
        TRACE | {"output_text": "resourceSpans"},
        [TRACE | {"metadata": {"resource_spans": []}}],
    ],
)
async def test_a_native_trace_may_speak_of_otlp(native, post, rows):
    response = await post("/v1/traces", native)
    assert (response.code, response.answer["accepted"]) == (202, 1)
    (row,) = await rows()
    assert row["source"] == "native"


@pytest.mark.slow
@each_encoding
@each_signal
@pytest.mark.parametrize("settings", [{"max_request_spans": 3}])
async def test_more_items_than_a_request_may_have_are_refused_as_a_whole(
    signal, media_type, send, counted, ledger
):
    route = "otlp_metrics" if signal == "metrics" else signal
    assert told(await send([ITEMS[signal]] * 3, media_type, signal), media_type, signal) is None
    before = ledger()["received"]
    response = await send([ITEMS[signal]] * 4, media_type, signal)
    assert (response.code, response.answer["error"]["reason"]) == (413, "too_many_events")
    assert counted("http_requests_rejected_total", route=route, reason="too_many_events") == 1
    assert ledger()["received"] == before


@each_signal
async def test_what_is_no_protobuf_is_refused_in_json(signal, post, counted, ledger):
    response = await post(f"/v1/{signal}", b"\xff\xff\xff", PROTOBUF)
    assert (response.code, response.answer["error"]["reason"]) == (400, "invalid_protobuf")
    route = "otlp_metrics" if signal == "metrics" else signal
    assert counted("http_requests_rejected_total", route=route, reason="invalid_protobuf") == 1
    assert ledger()["received"] == 0


PACKERS: dict[str, Any] = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}


@each_encoding
@each_signal
@pytest.mark.parametrize("coding", PACKERS)
async def test_every_coding_is_taken(coding, signal, media_type, post, counted):
    body = PACKERS[coding](packed([ITEMS[signal]], media_type, signal))
    headers = {"Content-Encoding": coding}
    response = await post(f"/v1/{signal}", body, media_type, headers=headers)
    assert told(response, media_type, signal) is None
    assert "Content-Encoding" not in response.headers


@each_encoding
async def test_chunks_without_a_length_are_taken_on_one_connection(media_type, base_url, rows):
    typed = f"Content-Type: {media_type}"
    async with connected(base_url) as (reader, writer):
        for number in range(3):
            body = chunked(packed([call(number)], media_type), size=50) + chunk()
            writer.write(of_type(body, typed))
            answer = await read_answer(reader)
            assert (answer.status, answer.headers["Content-Type"]) == (200, media_type)
            assert answer.headers["Content-Length"] == str(len(answer.body))
    assert len(await rows()) == 3


@each_encoding
async def test_http_1_0_is_answered_and_closed(media_type, base_url, rows):
    request = of_type(announced(packed([call(1)], media_type)), f"Content-Type: {media_type}")
    async with connected(base_url) as (reader, writer):
        writer.write(request.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        answer = await read_answer(reader)
        assert (answer.status, answer.body) == (200, b"{}" if media_type == JSON else b"")
        assert await asyncio.wait_for(reader.read(), 4) == b""
    assert len(await rows()) == 1


def of_type(request, line):
    """A request of tests.raw with another type."""
    return request.replace(b"Content-Type: application/json", line.encode(), 1)


@pytest.fixture
def keyed(settings, tmp_path):
    settings |= files(tmp_path)


@each_encoding
@each_signal
async def test_a_key_lets_every_signal_in(signal, media_type, keyed, send, rows):
    for headers in (bearer(SEND), {"x-api-key": SEND}):
        response = await send([ITEMS[signal]], media_type, signal, headers=headers)
        assert told(response, media_type, signal) is None
    if signal == "traces":
        (row,) = await rows()
        assert row["metadata"]["ingest_key"] == "laptop"


@each_encoding
@each_signal
async def test_nothing_gets_in_without_a_key(signal, media_type, keyed, send, counted, ledger):
    route = "otlp_metrics" if signal == "metrics" else signal
    wrong: tuple[dict, ...] = ({}, bearer(WRONG))
    for headers in wrong:
        response = await send([ITEMS[signal]], media_type, signal, headers=headers)
        assert response.code == 401
        assert json.loads(response.body)["error"]["reason"] == "unauthorized"
    assert counted("http_requests_rejected_total", route=route, reason="unauthorized") == 2
    assert ledger()["received"] == 0
