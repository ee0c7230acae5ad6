"""POST /v1/litellm: captured requests of the real callback, and what else it may send."""

import json
import tracemalloc
from random import Random
from typing import Any

import pytest

from server import links
from server.config import Config
from server.events import Rejected
from server.ids import hashed
from server.parts import make_receivers
from server.receivers import documents, litellm

from .corpus import EXAMPLES, captured, expected_of, request_of

pytestmark = pytest.mark.gen_test

SAME = (
    "operation",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cache_read_tokens",
    "reasoning_tokens",
    "status",
    "error_type",
    "trace_id",
)
CALL = {
    "litellm_call_id": "c1",
    "model": "gpt-4o",
    "custom_llm_provider": "openai",
    "call_type": "acompletion",
    "status": "success",
}


@pytest.fixture
def send(post):
    async def send(calls, **options):
        response = await post("/v1/litellm", calls, **options)
        assert response.code == 202, response.body
        return response.answer

    return send


@pytest.mark.parametrize("body", captured("litellm-generic-api"))
async def test_a_captured_request_gives_exactly_its_rows(body, post, rows, ledger):
    expected, (_, headers) = expected_of(body), request_of(body)
    response = await post("/v1/litellm", body.read_bytes(), None, headers=headers)
    assert response.code == 202
    traces, errors = await rows(), await rows("error_events")
    assert len(traces) == len(expected["traces"])
    assert len(errors) == len(expected["errors"])
    by_id = {row["event_id"].partition(":")[0]: row for row in traces}
    for wanted in expected["traces"]:
        check_trace(wanted, by_id[wanted["call_id"]])
    for wanted, row in zip(expected["errors"], errors, strict=True):
        check_error(wanted, row, by_id)
    ledger()


def check_trace(wanted, row):
    assert {key: row[key] for key in SAME} == {key: wanted[key] for key in SAME}
    assert row["source"] == "litellm"
    assert row["provider"] == (wanted["provider"] or "unknown")
    assert row["model"] == wanted["model"]
    reported = row["cost_usd"] if row["cost_source"] == "reported" else None
    assert reported == (wanted["cost_usd"] or None)  # 0.0 is no price
    assert row["latency_ms"] == pytest.approx(wanted["latency_ms"], abs=1)
    assert row["metadata"].get("response_model") == wanted["response_model"]
    assert row["metadata"]["response_id"] == wanted["id"]
    check_text(row["input_text"], wanted["has_input_text"], wanted["input_text_contains"])
    check_text(row["output_text"], wanted["has_output_text"], wanted["output_text_contains"])


def check_text(text, there, part):
    assert (text is not None) == there
    assert not part or part in text


def check_error(wanted, row, traces):
    assert row["error_type"] == wanted["error_type"]
    assert wanted["message_contains"] in row["message"]
    assert bool(row["stack_trace"]) == wanted["has_stack_trace"]
    assert row["metadata"]["exception_type"] == wanted["exception_type"]
    trace = traces[row["event_id"].partition(":")[0]]
    assert row["event_id"] == f"{trace['event_id']}:error"
    assert row["trace_id"] == trace["trace_id"]
    assert (row["provider"], row["model"]) == (trace["provider"], trace["model"])


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
async def test_lines_are_read_whatever_type_they_claim(content_type, send, rows):
    lines = b"\n".join(json.dumps({**CALL, "litellm_call_id": i}).encode() for i in "ab")
    answer = await send(lines, content_type=content_type)
    assert answer["accepted"] == 2
    assert [row["event_id"] for row in await rows()] == ["a", "b"]


def test_calls_come_to_the_same_alone_and_together(monkeypatch):
    rng = Random(9)  # noqa: S311 no secret
    odd: list[Any] = [None, 7, "x", [], {}, {**CALL, "model": None}, {**CALL, "messages": "hello"}]
    failed = {**CALL, "status": "failure", "error_str": "no", "id": "r1"}
    lines = [json.dumps(rng.choice([*odd, CALL, failed])) for _ in range(200)]
    lines[100] = "no JSON"
    body, receiver = "\n".join(lines).encode(), make_receivers(Config())["litellm"]

    def come_to():
        for item in receiver.read(bytearray(body), "application/x-ndjson"):
            events: Any = () if isinstance(item, Rejected) else item
            yield [event._replace(created_at=0) for event in events] or item

    monkeypatch.setattr(litellm, "_TOGETHER", 1)
    alone = list(come_to())
    monkeypatch.undo()
    assert list(come_to()) == alone
    assert len(alone) == 200
    assert "not JSON" in alone[100].message


def test_few_calls_of_a_large_body_wait_for_each_other(monkeypatch):
    taken = []

    def lazily(*arguments):
        for number in range(200):
            taken.append(number)
            yield CALL

    monkeypatch.setattr(documents, "items", lazily)
    receiver = make_receivers(Config())["litellm"]
    for size, together in ((2**17, 64), (2**17 + 1, 16), (2**20 + 1, 1)):
        taken.clear()
        next(receiver.read(bytearray(size), "application/json"))
        assert len(taken) == together


async def test_a_single_object_is_one_call(send, rows):
    await send(CALL)
    (row,) = await rows()
    assert (row["event_id"], row["operation"], row["status"]) == ("c1", "chat", "ok")


async def test_a_failed_call_is_two_events_with_one_entry(send, counted):
    failed = {**CALL, "status": "failure", "error_information": {"error_class": "Timeout"}}
    answer = await send([failed])
    assert answer["accepted"] == 2
    assert len(answer["events"]) == 1
    for kind in ("trace", "error"):
        assert counted("events_accepted_total", kind=kind) == 1


async def test_a_failed_calls_tokens_are_kept_when_it_has_any(send, rows):
    await send({**CALL, "status": "failure", "prompt_tokens": 7, "completion_tokens": 0})
    (row,) = await rows()
    assert (row["prompt_tokens"], row["completion_tokens"]) == (7, None)


NAMED, ANSWERED = links.litellm("c1"), links.response("openai", "r1")


@pytest.mark.parametrize(
    ("members", "keys"),
    [
        ({}, (NAMED,)),
        ({"id": "r1"}, (ANSWERED, NAMED)),
        ({"id": "r1", "custom_llm_provider": None}, (links.response("unknown", "r1"), NAMED)),
        ({"id": "c1"}, (NAMED,)),  # of a call without an answer
        ({"id": "r1", "cache_hit": True}, (NAMED,)),  # it is the id of another call
        ({"id": "r1", "cache_hit": "False"}, (ANSWERED, NAMED)),
        ({"id": "r1", "litellm_call_id": None}, (ANSWERED,)),
        ({"id": {}, "litellm_call_id": ""}, None),
        ({"litellm_call_id": "c" * 300}, (links.litellm(hashed("c" * 300)),)),
    ],
)
def test_a_call_is_named_by_its_own_id_and_by_that_of_its_answer(members, keys):
    body = json.dumps({**CALL, **members}).encode()
    receiver = make_receivers(Config())["litellm"]
    found: Any = list(receiver.read(bytearray(body), "application/json"))
    ((trace,),) = found
    assert trace.keys == keys


async def test_a_cached_answer_really_cost_nothing(send, rows):
    await send({**CALL, "response_cost": 0.0, "cache_hit": True})
    (row,) = await rows()
    assert (row["cost_usd"], row["cost_source"]) == (0.0, "reported")


async def test_each_attempt_of_a_call_is_a_row_though_all_have_its_id(send, rows):
    failed = {**CALL, "status": "failure", "error_str": "RateLimitError: slow down"}
    attempts = [
        {**failed, "startTime": 1_795_714_212.798831},
        {**failed, "startTime": 1_795_714_212.799201},  # an instant later
        {**CALL, "startTime": 1_795_714_213.821302, "prompt_tokens": 11},
    ]
    for _ in range(2):  # also when they are sent again
        await send(attempts)
    traces, errors = await rows(), await rows("error_events")
    assert [(row["status"], row["prompt_tokens"]) for row in traces] == [
        ("error", None),
        ("error", None),
        ("ok", 11),
    ]
    assert [row["event_id"] for row in errors] == [f"{row['event_id']}:error" for row in traces[:2]]


@pytest.mark.parametrize("status", ["failure", "Failure", "FAILED", None])
async def test_a_failure_is_one_however_it_is_written(status, send, rows):
    failed = {**CALL, "status": status, "error_str": "no", "prompt_tokens": 0, "response_cost": 0}
    await send({**failed, "error_information": {"error_class": "Timeout"}})
    (row,) = await rows()
    assert (row["status"], row["error_type"], row["prompt_tokens"]) == ("error", "Timeout", None)


async def test_tokens_are_read_from_the_usage_where_the_call_has_none(send, rows):
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    await send({**CALL, "response": {"usage": usage}})
    (row,) = await rows()
    assert (row["prompt_tokens"], row["completion_tokens"], row["total_tokens"]) == (3, 4, 7)


async def test_what_python_writes_for_infinity_costs_nothing(send, rows):
    body = json.dumps([{**CALL, "response_cost": float("-inf")}, {**CALL, "litellm_call_id": "c2"}])
    await send(body.encode())
    assert [row["cost_usd"] for row in await rows()] == [None, None]


@pytest.mark.parametrize(
    "start", [1e8, -1, 1e300, "2026-11-23T16:44:32Z", "1970-01-01T00:00:00Z", "x", None, True]
)
async def test_a_time_that_is_none_costs_no_event(start, send, rows):
    await send({**CALL, "startTime": start, "endTime": 1795452272.5})
    assert len(await rows()) == 1


async def test_anthropics_cache_tokens_are_read(send, rows):
    usage = {"cache_read_input_tokens": 5, "cache_creation_input_tokens": 9}
    await send({**CALL, "prompt_tokens": 20, "metadata": {"usage_object": usage}})
    (row,) = await rows()
    assert (row["cache_read_tokens"], row["cache_write_tokens"]) == (5, 9)


async def test_a_streamed_call_has_a_first_token(send, rows):
    times = {
        "startTime": 1795452272.0,
        "endTime": 1795452273.5,
        "completionStartTime": 1795452272.25,
    }
    await send([{**CALL, **times, "stream": True}, {**CALL, **times, "litellm_call_id": "c2"}])
    assert [row["time_to_first_token_ms"] for row in await rows()] == [250.0, None]


async def test_tool_calls_and_parts_are_readable(send, rows):
    parts = [
        {"type": "text", "text": "look"},
        {"type": "image_url", "image_url": {"url": "http://x/y"}},
    ]
    function = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    message = {"content": None, "tool_calls": [{"type": "function", "function": function}]}
    answered = {"choices": [{"message": message}]}
    await send({**CALL, "messages": [{"role": "user", "content": parts}], "response": answered})
    (row,) = await rows()
    assert row["input_text"] == "look\nhttp://x/y"
    assert row["output_text"] == 'get_weather({"city": "Paris"})'


@pytest.mark.parametrize(
    ("response", "output"),
    [
        ({"output": [{"content": [{"type": "output_text", "text": "Paris."}]}]}, "Paris."),
        ({"output": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "f({})"),
        ({"output": [{"type": "reasoning", "summary": []}]}, None),
        ({"choices": [{"text": "one"}, {"text": "two"}]}, "one\n\ntwo"),
        ({"choices": [{"message": {"function_call": {"name": "f", "arguments": "1"}}}]}, "f(1)"),
        ({"choices": [{"message": {"audio": {"transcript": "spoken"}}}]}, "spoken"),
        ({"content": [{"type": "tool_use", "name": "f", "input": {"a": 1}}]}, 'f({"a": 1})'),
        ({"text": "a transcription"}, "a transcription"),
        ("plain", "plain"),
        (None, None),
        ({"data": [{"embedding": [0.1]}]}, None),
        ({"content": [[[[[[[["deep"]]]]]]]]}, None),
    ],
)
async def test_answers_of_many_shapes_are_readable(response, output, send, rows):
    await send({**CALL, "response": response})
    (row,) = await rows()
    assert row["output_text"] == output


async def test_the_question_survives_a_history_that_is_too_long(send, rows):
    history = [{"role": "user", "content": f"{n} " + "x" * 3000} for n in range(20)]
    await send({**CALL, "messages": [*history, {"role": "user", "content": "and now?"}]})
    (row,) = await rows()
    assert row["input_text"].endswith("user: and now?")
    assert row["input_text"].startswith("[15 earlier messages left out]\n\nuser: 15 x")
    assert row["metadata"]["truncated"] == {"input_text": 60224}


async def test_an_image_costs_no_other_message_its_place(send, rows):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 60000}}
    turns = [("user", "what?"), ("assistant", "show me"), ("user", [image])]
    await send({**CALL, "messages": [{"role": r, "content": c} for r, c in turns]})
    (row,) = await rows()
    assert (
        row["input_text"] == "user: what?\n\nassistant: show me\n\nuser: [image/png, 45000 bytes]"
    )


async def test_tool_calls_and_results_of_the_responses_api_are_in_the_question(send, rows):
    call = {"type": "function_call", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "output": "42"}
    await send({**CALL, "messages": ["hi", call, result]})
    (row,) = await rows()
    assert row["input_text"] == "user: hi\n\nuser: f({})\n\nuser: 42"


async def test_hidden_texts_are_null(send, rows):
    hidden = [{"role": "user", "content": "redacted-by-litellm"}]
    await send({**CALL, "messages": hidden, "response": "redacted-by-litellm"})
    (row,) = await rows()
    assert (row["input_text"], row["output_text"]) == (None, None)


async def test_what_a_gateways_user_cannot_mend_is_cleaned(send, rows):
    call = {
        **CALL,
        "litellm_call_id": "i" * 1000,
        "model": "openai/" + "m" * 1000,
        "prompt_tokens": "11",
        "completion_tokens": -1,
        "response_cost": "0.5",
        "response": "nul \0 and \ud800",
        "request_tags": ["a\0b", None, 10**30],
    }
    await send(call)
    (row,) = await rows()
    assert row["event_id"].startswith("sha256:")
    assert row["model"] == "m" * 256
    assert (row["prompt_tokens"], row["completion_tokens"]) == (11, None)
    assert row["cost_usd"] == 0.5
    assert row["output_text"] == "nul \N{REPLACEMENT CHARACTER} and ?"
    assert row["metadata"]["tags"] == ["a\N{REPLACEMENT CHARACTER}b", 1e30]


async def test_members_of_any_type_cost_no_event(send, rows):
    names = [*json.loads((EXAMPLES / "litellm" / "generic__embed.logs.1.body").read_bytes())[0]]
    for n, value in enumerate(({"of": [{"type": 1}]}, [[[]]], 1e300, "text", True)):
        call = dict.fromkeys(names, value)
        await send({**call, "litellm_call_id": f"c{n}", "model": "m"})
    assert len(await rows()) == 5


async def test_odd_types_inside_messages_cost_no_event(send, rows):
    odd = [{"role": [], "type": []}, {"content": [{"type": {}, "text": 1}]}, 7, [[]], None]
    await send({**CALL, "messages": odd, "response": {"type": {}, "choices": odd}})
    await send({**CALL, "litellm_call_id": "c2", "response": {"choices": [{"message": odd}]}})
    assert len(await rows()) == 2


async def test_a_tool_named_by_what_nests_deep_costs_no_event(send, rows):
    name = "[" * 1020 + "]" * 1020
    call = '{"litellm_call_id": "a", "messages": [{"function_call": {"name": %s, "id": "b"}}]}'
    await send((call % name).encode())
    assert [row["input_text"] for row in await rows()] == ["tool()"]


async def test_a_first_line_of_too_many_values_is_refused_unparsed(post, rows):
    lines = b'{"a": [%b{}]}\n{"litellm_call_id": "b", "model": "m"}' % (b"{}," * 400_000)
    tracemalloc.start()
    try:
        response = await post("/v1/litellm", lines)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (response.answer["accepted"], response.answer["rejected"]) == (1, 1)
    assert response.answer["events"][0]["error"]["reason"] == "unstorable"
    assert peak < 15e6


@pytest.mark.parametrize("members", [{"response_time": 1e10}, {"response_cost": 2e12}])
async def test_a_number_out_of_range_costs_no_event(members, send, rows):
    await send({**CALL, **members})
    assert len(await rows()) == 1


async def test_a_number_beyond_floats_and_a_leading_blank_line_cost_nothing(send, rows):
    first = b'\n{"litellm_call_id": "a", "model": "m", "response_cost": 1e400}\n'
    await send(first + b'{"litellm_call_id": "b", "model": "m"}')
    assert [row["cost_usd"] for row in await rows()] == [None, None]


@pytest.mark.parametrize(("item", "path"), [({"foo": 1}, "/model"), (7, ""), ({}, "/model")])
async def test_what_is_no_call_is_rejected_as_a_trace(item, path, post, counted):
    response = await post("/v1/litellm", [item])
    assert response.code == 400
    assert response.answer["events"][0]["error"]["path"] == path
    assert counted("events_rejected_total", kind="trace", reason="schema_invalid") == 1


async def test_a_failed_call_is_offered_whole_or_not_at_all(send, service, rows, ledger):
    service.pipeline._unsettled._max_events = 1
    answer = await send({**CALL, "status": "failure"})
    assert answer["dropped"] == 2
    assert (await rows(), await rows("error_events")) == ([], [])
    assert ledger()["dropped_ingest"] == 2
