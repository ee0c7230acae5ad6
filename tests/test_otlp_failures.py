"""Failures in spans: the error of a failed call, and one error for each other exception."""

import pytest

from server.intake import Intake

from .otlp import END_MS, JSON, SERVICE, TRACE_ID, call, packed, told, tool

pytestmark = pytest.mark.gen_test

LIMITED = {"type": "openai.RateLimitError", "message": "slow down", "stacktrace": "File x"}
LEVEL, STATUS = {"langfuse.observation.level": "ERROR"}, "langfuse.observation.status_message"
STACK = "Traceback (most recent call last)"
ENDED, ANSWERED = "gen_ai.response.finish_reasons", {"gen_ai.completion": "here it is"}
BROKEN = {"type": "ValueError", "message": "no such order", "stacktrace": "File y"}


@pytest.fixture
def send(post, rows, ledger):
    """Post spans; the rows of both tables."""

    async def send(*sent):
        response = await post("/v1/traces", packed(sent, resource=SERVICE))
        assert response.code == 200
        found = await rows(), await rows("error_events")
        assert ledger()["rejected"] == 0
        return found

    return send


async def test_a_failed_call_is_a_trace_and_an_error_tied_to_it(send, counted):
    attributes = {"error.type": "RateLimitError", "http.response.status_code": 429}
    (trace,), (error,) = await send(call(1, attributes, exceptions=[LIMITED], failed=True))
    assert (trace["status"], trace["error_type"]) == ("error", "RateLimitError")
    assert error["event_id"] == f"{trace['event_id']}:error"
    for name in ("trace_id", "span_id", "provider", "model", "session_id", "agent"):
        assert error[name] == trace[name]
    assert (error["error_type"], error["severity"]) == ("llm_error", "error")
    assert (error["message"], error["stack_trace"]) == ("slow down", "File x")
    assert error["occurred_at"] == END_MS
    assert error["metadata"] == {
        "exception_type": "RateLimitError",
        "error_code": "429",
        "service_name": "shop",
        "environment": "test",
        "scope": "scope",
    }
    assert counted("events_skipped_total", reason="not_a_model_call") == 0


@pytest.mark.parametrize(
    ("options", "error_type", "message"),
    [
        ({"failed": True}, None, "the call failed"),
        ({"failed": True, "message": "Error code: 429 - slow"}, None, "Error code: 429 - slow"),
        ({"failed": True, "message": "a.BadError: no"}, "a.BadError", "a.BadError: no"),
        ({"failed": True, "message": "OverloadedError"}, None, "OverloadedError"),
        ({"attributes": {"error.type": "timeout"}}, "timeout", "timeout"),
        ({"attributes": {"error.type": ""}, "failed": True}, None, "the call failed"),
        ({"attributes": {"error.message": "full"}}, None, "full"),
        ({"attributes": {"error.type": "<class 'a.b.C'>"}}, "a.b.C", "a.b.C"),
        ({"attributes": {**LEVEL, STATUS: "429 - slow"}}, None, "429 - slow"),
        ({"attributes": LEVEL}, None, "the call failed"),
        ({"attributes": {ENDED: '["error"]'}}, None, "the call failed"),
        ({"attributes": {ENDED: ["error"], **ANSWERED}}, None, "the call failed"),
        ({"exceptions": [LIMITED]}, "openai.RateLimitError", "slow down"),
        ({"attributes": {"openclaw.failureKind": "terminated"}}, "terminated", "terminated"),
        ({"failed": True, "exceptions": [BROKEN, LIMITED]}, "openai.RateLimitError", "slow down"),
        ({"failed": True, "exceptions": [{"type": "E"}], "message": "m"}, "E", "m"),
        ({"failed": True, "exceptions": [{"message": "x"}], "message": "E: x"}, "E", "x"),
    ],
)
async def test_a_failed_call_says_why_in_the_words_it_has(send, options, error_type, message):
    (trace,), (error,) = await send(call(1, **options))
    assert (trace["status"], trace["error_type"]) == ("error", error_type)
    assert (error["error_type"], error["message"]) == ("llm_error", message)
    assert error["metadata"].get("exception_type") == error_type


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    "told",
    [
        LIMITED,
        {**LIMITED, "type": "RateLimitError"},
        {**LIMITED, "message": "slow down, said the router"},
        {**LIMITED, "message": "slow"},
        {"type": "RateLimitError"},
        {"message": "slow down"},
    ],
)
async def test_what_other_spans_repeat_of_a_failed_call_is_no_second_error(
    send, counted, told, is_late
):
    sent = [call(1, exceptions=[LIMITED], failed=True), tool(2, exceptions=[told], failed=True)]
    (trace,), (error,) = await send(*(sent[::-1] if is_late else sent))
    assert error["event_id"] == f"{trace['event_id']}:error"
    assert counted("events_skipped_total", reason="not_a_model_call") == 1


@pytest.mark.parametrize(
    "told",
    [
        {**LIMITED, "type": "openai.APIError"},
        {**LIMITED, "message": "too slow"},
        BROKEN,
    ],
)
async def test_another_exception_beside_a_failed_call_is_an_error_of_its_own(send, told):
    sent = [call(1, exceptions=[LIMITED], failed=True), tool(2, exceptions=[told])]
    _, errors = await send(*sent)
    assert [row["error_type"] for row in errors] == ["llm_error", "system_error"]


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    ("message", "outer"),
    [
        ("Error code: 429 - slow down", "Component: llm\nError: Error code: 429 - slow down"),
        (f"RateLimitError('slow')\n\n{STACK} x", f"RateLimitError('slow')\n\n{STACK} y"),
    ],
)
async def test_an_exception_that_wraps_a_calls_is_no_second_error(send, message, outer, is_late):
    inner = call(1, exceptions=[{**LIMITED, "message": message}], failed=True)
    wrapping = tool(2, exceptions=[{"type": "PipelineError", "message": outer}])
    _, errors = await send(*((wrapping, inner) if is_late else (inner, wrapping)))
    assert [row["error_type"] for row in errors] == ["llm_error"]


async def test_a_short_message_within_another_is_no_sign_of_one_failure(send):
    outer = tool(2, exceptions=[{"type": "PipelineError", "message": "as I was slow down there"}])
    _, errors = await send(call(1, exceptions=[LIMITED], failed=True), outer)
    assert len(errors) == 2


async def test_one_exception_with_the_stack_of_each_span_in_its_message_is_one_error(send):
    told = [{"type": "E", "message": f"no such order\n{STACK}: {n}"} for n in (1, 2)]
    _, errors = await send(*(tool(n, exceptions=[one]) for n, one in enumerate(told, 1)))
    assert len(errors) == 1


@pytest.mark.parametrize("reasons", [["stop"], '["length"]', "content_filter"])
async def test_an_answer_that_was_stopped_is_no_failure(send, reasons):
    (trace,), errors = await send(call(1, {ENDED: reasons}))
    assert (trace["status"], errors) == ("ok", [])


@pytest.mark.parametrize("level", ["DEFAULT", "WARNING", "DEBUG"])
async def test_langfuse_tells_what_is_no_failure_too(send, level):
    attributes = {"langfuse.observation.level": level, STATUS: "slow"}
    (trace,), errors = await send(call(1, attributes))
    assert (trace["status"], errors) == ("ok", [])
    assert trace["metadata"]["attributes"] == attributes


async def test_a_call_that_says_nothing_of_its_failure_hides_no_exception(send):
    _, errors = await send(call(1, failed=True), tool(2, exceptions=[BROKEN]))
    assert [row["message"] for row in errors] == ["the call failed", "no such order"]


async def test_a_call_of_another_trace_hides_no_exception(send):
    other = tool(2, exceptions=[LIMITED], trace_id=b"\1" * 16)
    _, errors = await send(call(1, exceptions=[LIMITED], failed=True), other)
    assert len(errors) == 2


async def test_each_attempt_that_failed_is_a_call_with_its_own_error(send):
    attempts = [call(n, exceptions=[LIMITED], failed=True) for n in (1, 2, 3)]
    traces, errors = await send(*attempts, tool(4, exceptions=[LIMITED]))
    assert (len(traces), len(errors)) == (3, 3)


async def test_an_exception_on_another_span_is_a_system_error(send, counted):
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.agent.name": "clerk"}
    traces, (error,) = await send(tool(7, attributes, exceptions=[BROKEN], failed=True))
    assert traces == []
    assert (error["error_type"], error["severity"]) == ("system_error", "error")
    assert (error["trace_id"], error["span_id"]) == (TRACE_ID, f"{7:016x}")
    assert (error["message"], error["stack_trace"]) == ("no such order", "File y")
    assert (error["agent"], error["occurred_at"], error["source"]) == ("clerk", END_MS, "otlp")
    assert error["metadata"] == {
        "exception_type": "ValueError",
        "service_name": "shop",
        "environment": "test",
        "scope": "scope",
        "span_name": "work",
    }
    assert counted("events_skipped_total", reason="not_a_model_call") == 0


async def test_an_exception_is_tied_to_nothing_where_its_span_names_nothing(send):
    attributes = {"gen_ai.agent.name": "None", "session.id": ""}
    _, (error,) = await send(tool(7, attributes, exceptions=[BROKEN]))
    assert (error["agent"], error["session_id"], error["model"]) == (None, None, None)


async def test_an_exception_that_travels_up_is_one_error(send, counted):
    outer = {**BROKEN, "type": "orders.ValueError", "stacktrace": "File main, File y"}
    _, (error,) = await send(tool(1, exceptions=[BROKEN]), tool(2, exceptions=[outer]))
    assert error["span_id"] == f"{1:016x}"
    assert counted("events_skipped_total", reason="not_a_model_call") == 1


async def test_it_is_one_error_also_over_requests_and_sent_again(send, counted):
    for sent in (tool(1, exceptions=[BROKEN]), tool(2, exceptions=[BROKEN])) * 2:
        _, errors = await send(sent)
    assert len(errors) == 1
    assert counted("events_deduplicated_total", kind="error") == 3


async def test_a_failed_call_sent_again_is_stored_once(send, counted):
    for _ in range(2):
        traces, errors = await send(call(1, exceptions=[LIMITED], failed=True))
    assert (len(traces), len(errors)) == (1, 1)
    assert counted("events_deduplicated_total", kind="trace") == 1
    assert counted("events_deduplicated_total", kind="error") == 1


async def test_the_same_exception_in_two_traces_is_two_errors(send):
    other = tool(1, exceptions=[BROKEN], trace_id=b"\1" * 16)
    _, errors = await send(tool(1, exceptions=[BROKEN]), other)
    assert len(errors) == 2


async def test_all_different_exceptions_of_a_span_are_errors(send):
    _, errors = await send(tool(1, exceptions=[BROKEN, LIMITED, BROKEN, {}]))
    assert [row["message"] for row in errors] == [
        "no such order",
        "slow down",
        "an exception without a message",
    ]


@pytest.mark.parametrize(
    "attributes", [ANSWERED, {"gen_ai.usage.output_tokens": 7}, {"llm.token_count.total": 7}]
)
async def test_an_exception_that_a_call_survived_is_a_system_error(send, attributes):
    (trace,), (error,) = await send(call(1, attributes, exceptions=[LIMITED]))
    assert trace["status"] == "ok"
    assert (error["error_type"], error["model"]) == ("system_error", "gpt-4o")


async def test_a_span_that_failed_without_an_exception_is_skipped(send, counted):
    assert await send(tool(1, failed=True, message="no"), tool(2, {"error.type": "X"})) == ([], [])
    assert counted("events_skipped_total", reason="not_a_model_call") == 2


async def test_a_long_exception_is_cut_like_any_other(send):
    long = {"type": "x" * 300, "message": "m" * 20_000, "stacktrace": "s" * 20_000}
    _, (error,) = await send(tool(1, {"gen_ai.agent.name": "a" * 300}, exceptions=[long]))
    assert (len(error["message"]), len(error["stack_trace"])) == (16_384, 16_384)
    assert error["metadata"]["truncated"] == {"message": 20_000, "stack_trace": 20_000}
    assert error["agent"] == "a" * 256


async def test_a_span_that_waits_is_neither_lost_nor_refused_meanwhile(service):
    taken = Intake(service.pipeline, service.metrics.events).take_whole([(), ()])
    assert (taken.refused, taken.lost) == (None, 0)


async def test_of_very_many_exceptions_of_a_span_the_last_are_errors(send):
    many = [{"type": "E", "message": f"number {n}"} for n in range(130)]
    _, errors = await send(tool(1, exceptions=many))
    assert [row["message"] for row in errors] == [f"number {n}" for n in range(2, 130)]


@pytest.mark.parametrize("settings", [{"max_request_spans": 3}])
async def test_a_span_is_refused_where_those_before_it_had_too_many_exceptions(post, rows, ledger):
    many = [{"type": "E", "message": str(n)} for n in range(4)]
    sent = [tool(1, exceptions=many), tool(2, exceptions=[BROKEN]), call(3)]
    response = await post("/v1/traces", packed(sent))
    assert told(response, JSON) == (1, "more than 3 exceptions in one request")
    assert (len(await rows("error_events")), len(await rows())) == (4, 1)
    assert ledger()["rejected"] == 1
