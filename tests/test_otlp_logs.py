"""Log records: those that tell of a failure are errors, the others are skipped."""

import pytest

from .otlp import END, END_MS, PROTOBUF, SERVICE, TRACE_ID, packed, record, tool

pytestmark = pytest.mark.gen_test

BROKEN = {
    "exception.type": "ValueError",
    "exception.message": "no such order",
    "exception.stacktrace": "File y",
}
LIMITED = {
    "openclaw.isError": True,
    "openclaw.error": "Rate limit reached.",
    "openclaw.rawErrorPreview": "429 Rate limit reached.",
    "openclaw.failoverReason": "rate_limit",
    "openclaw.provider": "stubai",
    "openclaw.model": "gpt-4o-mini",
}
LANE = 'lane task error: lane={} durationMs=12 error="FailoverError: {}"'


@pytest.fixture
def send(post, rows, ledger):
    """Post log records; the rows of errors."""

    async def send(*sent):
        body = packed(sent, PROTOBUF, "logs", resource=SERVICE)
        response = await post("/v1/logs", body, PROTOBUF)
        assert response.code == 200
        found = await rows("error_events")
        assert ledger()["rejected"] == 0
        return found

    return send


@pytest.mark.parametrize(
    ("number", "text", "error_type", "severity"),
    [
        (17, "", "system_error", "error"),
        (20, "whatever", "system_error", "error"),
        (21, "", "crash", "fatal"),
        (24, "", "crash", "fatal"),
        (0, "ERROR", "system_error", "error"),
        (0, "error3", "system_error", "error"),
        (0, " Severe", "system_error", "error"),
        (0, "FATAL", "crash", "fatal"),
        (0, "critical", "crash", "fatal"),
    ],
)
async def test_a_record_from_error_on_is_an_error(send, number, text, error_type, severity):
    (error,) = await send(record("it broke", {"retries": 3}, number, text))
    assert (error["error_type"], error["severity"]) == (error_type, severity)
    assert (error["message"], error["stack_trace"]) == ("it broke", None)
    assert (error["occurred_at"], error["source"]) == (END_MS, "otlp")
    assert error["trace_id"] == error["event_id"]
    metadata = {"service_name": "shop", "environment": "test", "scope": "scope"}
    if text:
        metadata["severity_text"] = text
    assert error["metadata"] == {**metadata, "attributes": {"retries": 3}}


async def test_a_plain_word_in_a_log_names_no_model(send):
    (error,) = await send(record("it broke", {"model": "Tesla"}, 17))
    assert error["model"] is None
    assert error["metadata"]["attributes"] == {"model": "Tesla"}


@pytest.mark.parametrize(
    ("number", "text"), [(0, ""), (1, ""), (9, ""), (16, ""), (13, "ERROR"), (0, "errand")]
)
async def test_a_record_below_error_is_skipped(send, counted, number, text):
    assert await send(record("slow query", number=number, text=text)) == []
    assert counted("events_skipped_total", reason="not_a_failure") == 1
    assert counted("events_received_total", kind="error") == 0


@pytest.mark.parametrize(
    ("number", "severity"),
    [(0, "error"), (2, "debug"), (5, "debug"), (9, "info"), (13, "warning"), (17, "error")],
)
async def test_an_exception_is_an_error_whatever_its_severity(send, number, severity):
    (error,) = await send(record("could not pay", BROKEN, number))
    assert (error["error_type"], error["severity"]) == ("system_error", severity)
    assert (error["message"], error["stack_trace"]) == ("could not pay", "File y")
    assert error["metadata"]["exception_type"] == "ValueError"
    assert error["metadata"]["exception_message"] == "no such order"
    assert "attributes" not in error["metadata"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("it broke", "it broke"),
        ({"message": "it broke", "code": 3}, "it broke"),
        ({"msg": "", "error": "refused"}, "refused"),
        ({"code": 3, "at": "noon"}, '{"code":3,"at":"noon"}'),
        (7, "7"),
        (None, "no such order"),
        ("", "no such order"),
        ({}, "no such order"),
    ],
)
async def test_the_message_is_what_the_body_says(send, body, message):
    (error,) = await send(record(body, BROKEN, 17))
    assert error["message"] == message


async def test_a_record_that_says_nothing_still_has_a_message(send):
    first, second = await send(record(number=17), record(number=17, event_name="db.down"))
    assert (first["message"], second["message"]) == ("failed", "db.down")


async def test_a_failed_call_that_its_sender_tells_of_as_an_event_is_an_error(send):
    name = "gen_ai.client.operation.exception"
    (error,) = await send(record("could not pay", BROKEN, 13, event_name=name))
    assert (error["error_type"], error["severity"]) == ("system_error", "warning")


@pytest.mark.parametrize("is_error", [True, "true"])
async def test_what_openclaw_says_of_a_failed_call_is_an_error_of_it(send, is_error):
    told = {**LIMITED, "openclaw.isError": is_error, "openclaw.stage": "end"}
    (error,) = await send(record("run end", told, 13, "WARN"))
    assert (error["error_type"], error["severity"]) == ("llm_error", "error")
    assert error["message"] == "Rate limit reached."
    assert (error["provider"], error["model"]) == ("stubai", "gpt-4o-mini")
    assert error["metadata"]["exception_type"] == "rate_limit"


async def test_without_an_error_it_says_the_raw_one_or_the_body(send):
    raw = {**LIMITED, "openclaw.error": ""}
    neither = {**raw, "openclaw.rawErrorPreview": ""}
    errors = await send(record("run end", raw), record("run end", neither))
    assert [row["message"] for row in errors] == ["429 Rate limit reached.", "run end"]


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_lane_that_repeats_a_failed_call_is_no_second_error(send, counted, is_late):
    lane = record(LANE.format("main", "Rate limit reached."), number=17)
    sent = [record("run end", LIMITED, 13), lane]
    (error,) = await send(*(sent[::-1] if is_late else sent))
    assert error["error_type"] == "llm_error"
    assert counted("events_skipped_total", reason="not_a_failure") == 1


async def test_lanes_that_tell_of_one_failure_are_one_error(send):
    lanes = [LANE.format(*one) for one in (("a", "x broke"), ("b", "x broke"), ("b", "y broke"))]
    errors = await send(*(record(lane, number=17) for lane in lanes))
    assert [row["message"] for row in errors] == [lanes[0], lanes[2]]


async def test_an_exception_in_a_span_and_in_a_record_is_one_error(send, post, counted):
    told = {"type": "orders.ValueError", "message": "no such order"}
    await post("/v1/traces", packed([tool(1, exceptions=[told])]))
    (error,) = await send(record("could not pay", BROKEN, 17, trace_id=TRACE_ID))
    assert error["message"] == "no such order"
    assert counted("events_deduplicated_total", kind="error") == 1


async def test_records_of_a_trace_are_tied_to_it(send):
    (error,) = await send(record("it broke", {"session.id": "s1"}, 17, trace_id=TRACE_ID))
    assert (error["trace_id"], error["span_id"]) == (TRACE_ID, TRACE_ID[:16])
    assert error["session_id"] == "s1"


async def test_records_sent_again_are_stored_once(send, counted):
    sent = [record(f"it broke {n}", number=17) for n in range(3)] + [record("x", BROKEN)]
    assert len(await send(*sent)) == 4
    assert len(await send(*sent)) == 4
    assert counted("events_deduplicated_total", kind="error") == 4


async def test_records_alike_at_different_times_are_different_errors(send):
    assert len(await send(*(record("it broke", number=17, time=END + n) for n in (0, 1)))) == 2


async def test_records_without_any_time_are_never_taken_for_each_other(send):
    (first, second) = await send(*(record("it broke", number=17, time=0) for _ in range(2)))
    assert first["event_id"] != second["event_id"]
    assert first["occurred_at"] is None


async def test_a_time_that_cannot_be_is_not_stored(send):
    (error,) = await send(record("it broke", number=17, time=2**64 - 1))
    assert error["occurred_at"] == 18_446_744_073_709
    (_, error) = await send(record("it broke", number=17, time=5_000_000_000))
    assert error["occurred_at"] is None


class TestWithoutTexts:
    @pytest.fixture
    def settings(self):
        return {"capture": "none"}

    async def test_no_words_of_a_failure_are_kept(self, send):
        (error,) = await send(record("could not pay", {**BROKEN, "order": "A17"}, 17))
        assert (error["message"], error["stack_trace"]) == ("[not captured]", None)
        assert error["metadata"] == {
            "exception_type": "ValueError",
            "service_name": "shop",
            "environment": "test",
            "scope": "scope",
        }
