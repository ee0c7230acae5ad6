"""Spans that tell only tokens: OpenClaw's that sum up a turn, and logfire's of a stream."""

import pytest

from server import links

from .otlp import END, SERVICE, START, TRACE_ID, call, events_of, items_of

TOKENS = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
USAGE = call(9, TOKENS, name="openclaw.model.usage")
TURN = (links.metered("shop", "openai", "gpt-4o"), links.turn(TRACE_ID))


def test_a_turn_and_its_calls_name_their_trace_and_who_meters_them():
    sent = call(1, TOKENS, name="openclaw.model.call"), USAGE
    events = events_of(*sent, resource=SERVICE)
    assert [(one.operation, one.prompt_tokens) for one in events] == [
        ("chat", 10),
        ("turn_usage", 10),
    ]
    assert [one.keys for one in events] == [TURN, TURN]


@pytest.mark.parametrize(
    ("options", "scope"),
    [
        ({"name": "chat gpt-4o"}, "openclaw"),
        ({"attributes": {"openclaw.model_call.observation_unit": "turn"}}, "other"),
    ],
)
def test_openclaw_is_known_by_its_scope_or_its_words(options, scope):
    attributes = {"openclaw.api": "openai", **options.pop("attributes", {})}
    (event,) = events_of(call(1, attributes, kind=3, **options), scope=scope, resource=SERVICE)
    assert event.keys == TURN


def test_without_a_service_or_a_trace_it_is_metered_all_the_same():
    (event,) = events_of(call(1, name="openclaw.model.call", trace_id=b""))
    assert event.keys == (links.metered("", "openai", "gpt-4o"),)


ASKED = '[{"role": "user", "content": "How deep?"}]'
STREAM = {"logfire.span_type": "span", "gen_ai.input.messages": ASKED, "logfire.msg": "Chat"}
LINE = {
    **{**STREAM, "logfire.span_type": "log", "logfire.msg": "streaming took 0.1s", **TOKENS},
    "gen_ai.output.messages": '[{"role": "assistant", "content": "3 m"}]',
    "gen_ai.response.id": "r1",
}
LATER = {"start_time_unix_nano": END + 5, "end_time_unix_nano": END + 5, "name": "streaming"}
PARENT = {"parent_span_id": b"\x07" * 8}


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("ids", [PARENT, {"trace_id": b"\x08" * 16}])
def test_what_a_stream_used_is_told_of_its_call(ids, is_late):
    where = PARENT if ids is PARENT else {}
    sent = [call(1, STREAM, **where), call(2, LINE, **{**LATER, **ids})]
    items = items_of(*(sent if is_late else sent[::-1]))
    ((event,),) = [one for one in items if one and type(one) is tuple]
    assert (event.event_id, event.operation) == (f"{TRACE_ID}:{1:016x}", "chat")
    assert (event.prompt_tokens, event.completion_tokens) == (10, 5)
    assert (event.input_text, event.output_text) == (b"How deep?", b"3 m")
    assert event.keys == (links.response("openai", "r1"),)
    assert event.latency_ms == round((END - START) / 10**6, 3)
    assert b'"logfire.msg":"Chat"' in event.metadata
    skipped = [one.reason for one in items if type(one) is not tuple]
    assert skipped == ["not_a_model_call"]


def test_streams_alike_get_a_line_each():
    calls = [call(n, STREAM, **PARENT) for n in (1, 2, 3)]
    lines = [call(n, {**LINE, **used(n)}, **LATER, **PARENT) for n in (4, 5)]
    events = events_of(*lines, *calls)
    assert [one.prompt_tokens for one in events] == [4, 5, None]


def used(number):
    return {"gen_ai.usage.input_tokens": number}


@pytest.mark.parametrize(
    ("stream", "line"),
    [
        ({}, {"parent_span_id": b"\x06" * 8}),
        ({}, {"start_time_unix_nano": END - 1}),
        ({"gen_ai.input.messages": "other"}, {}),
        ({"gen_ai.request.model": "other"}, {}),
        (TOKENS, {}),
        ({"logfire.span_type": ""}, {}),
    ],
)
def test_a_line_that_is_of_no_call_of_the_request_is_a_row_of_its_own(stream, line):
    sent = call(1, {**STREAM, **stream}, **PARENT), call(2, LINE, **{**LATER, **PARENT, **line})
    events = events_of(*sent)
    assert sorted(one.operation for one in events) == ["chat", "turn_usage"]
    (usage,) = [one for one in events if one.operation == "turn_usage"]
    assert (usage.prompt_tokens, usage.keys) == (10, (links.response("openai", "r1"),))


def test_a_failed_stream_waits_for_no_line():
    sent = call(1, STREAM, failed=True, **PARENT), call(2, LINE, **LATER, **PARENT)
    assert [one.kind for one in events_of(*sent)] == ["trace", "error", "trace"]
