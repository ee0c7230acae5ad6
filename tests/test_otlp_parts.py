"""Texts of calls in log records: each is a part of the call that its ids name."""

import json

import pytest

from server import links
from server.conversation import put_together

from .corpus import captured, expected_of, request_of
from .otlp import END, TRACE_ID, events_of, items_of, record

CALL = f"{TRACE_ID}:{TRACE_ID[:16]}"
DETAILS = "gen_ai.client.inference.operation.details"
ASKED = [{"role": "user", "parts": [{"type": "text", "content": "How deep?"}]}]
ANSWERED = [{"role": "assistant", "parts": [{"type": "text", "content": "3 m"}]}]
TOOL = {"id": "c1", "type": "function", "function": {"name": "depth", "arguments": '{"at": "Ulm"}'}}


def told(name, body=None, attributes=None, **options):
    """A log record of a call by this name."""
    return record(body, attributes, event_name=name, **{"trace_id": TRACE_ID, **options})


def part_of(name, body=None, attributes=None, **options):
    (part,) = events_of(told(name, body, attributes, **options), signal="logs")
    return part


def texts_of(part):
    return tuple(text and text.decode() for text in (part.input_text, part.output_text))


def role_of(part):
    return part.keys[1].rpartition(":")[2]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("gen_ai.user.message", "user"),
        ("gen_ai.system.message", "system"),
        ("gen_ai.assistant.message", "assistant"),
        ("gen_ai.tool.message", "tool"),
    ],
)
def test_a_message_is_a_part_of_its_call(name, role):
    part = part_of(name, {"content": "How deep?"}, {"gen_ai.system": "OpenAI"})
    assert part.keys == (links.part_of(CALL), links.at(END, 0, role))
    assert texts_of(part) == ("How deep?", None)
    assert part.event_id.startswith(f"{CALL}:{END:020}:")
    assert (part.trace_id, part.span_id) == (TRACE_ID, TRACE_ID[:16])
    assert (part.provider, part.model, part.operation) == ("openai", "unknown", None)


@pytest.mark.parametrize(
    ("body", "role", "said"),
    [
        ({"role": "developer", "content": "Be brief."}, "developer", "Be brief."),
        ('{"role": "user", "content": "How deep?"}', "user", "How deep?"),  # Semantic Kernel
        ("How deep?", "user", "How deep?"),
        ({"parts": [{"type": "text", "content": "How deep?"}]}, "user", "How deep?"),
        (
            {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            "user",
            "a\nb",
        ),
        (["a", "b"], "user", "a\nb"),
        ({"content": None, "tool_calls": [TOOL]}, "user", 'depth({"at": "Ulm"})'),
        ({"content": "x", "role": "y" * 40}, "y" * 32, "x"),
    ],
)
def test_a_message_is_read_in_any_shape(body, role, said):
    part = part_of("gen_ai.user.message", body)
    assert (role_of(part), texts_of(part)) == (role, (said, None))


def test_a_message_may_stand_in_the_attributes():
    part = part_of("gen_ai.user.message", None, {"content": "How deep?"})
    assert texts_of(part) == ("How deep?", None)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"index": 0, "message": {"role": "assistant", "content": "3 m"}}, "3 m"),
        ({"message": {"content": None}, "tool_calls": [TOOL]}, 'depth({"at": "Ulm"})'),
        ({"message": {"tool_calls": [TOOL]}}, 'depth({"at": "Ulm"})'),
        ({"message": {"content": {"type": "text", "content": "3 m"}}}, "3 m"),
        (json.dumps({"message": {"role": "assistant", "content": "3 m"}}), "3 m"),
        ({"message": "3 m"}, "3 m"),
        ({"content": "3 m"}, "3 m"),
        ("3 m", "3 m"),
    ],
)
def test_a_choice_is_the_answer(body, said):
    assert texts_of(part_of("gen_ai.choice", body)) == (None, said)


@pytest.mark.parametrize("as_body", [False, True])
@pytest.mark.parametrize("name", [DETAILS, "gen_ai.something.newer"])
def test_a_whole_call_in_one_record_brings_both_texts(name, as_body):
    system = [{"type": "text", "content": "Be brief."}]
    said = {
        "gen_ai.system_instructions": system,
        "gen_ai.input.messages": ASKED,
        "gen_ai.output.messages": json.dumps(ANSWERED),
    }
    part = part_of(name, said if as_body else None, None if as_body else said)
    assert texts_of(part) == ("system: Be brief.\n\nuser: How deep?", "3 m")
    assert role_of(part) == ""


def test_the_name_may_be_an_attribute():
    part = part_of("", {"content": "a"}, {"event.name": "gen_ai.user.message"})
    assert texts_of(part) == ("a", None)


def test_parts_of_one_moment_have_an_order_and_ids_of_their_own():
    sent = [told("gen_ai.user.message", {"content": one}) for one in "ab"]
    first, second = events_of(*sent, signal="logs")
    assert first.event_id != second.event_id
    assert first.keys[1] < second.keys[1]
    assert [one.event_id for one in events_of(*sent, signal="logs")] == [
        first.event_id,
        second.event_id,
    ]


HIDDEN = {"id": "c1", "type": "function", "function": {"name": "depth"}}


@pytest.mark.parametrize(
    "sent",
    [
        told("gen_ai.user.message"),
        told("gen_ai.tool.message", {"id": "c1"}, {"gen_ai.system": "openai"}),
        told("gen_ai.choice", {"index": 0, "message": {"role": "assistant"}}),
        told("gen_ai.choice", {"message": {"role": "assistant", "tool_calls": [HIDDEN]}}),
        told("gen_ai.assistant.message", {"tool_calls": [HIDDEN]}),
        told(DETAILS, None, {"gen_ai.request.model": "gpt-4o"}),
        told("gen_ai.evaluation.result", None, {"input": "a", "output": "b"}),
        told("gen_ai.user.message", {"content": "a"}, trace_id=""),
        told("gen_ai.user.message", {"content": "a"}, span_id=""),
        told("app.user.message", {"content": "a"}),
    ],
)
def test_without_texts_or_ids_it_is_no_part(sent):
    (item,) = items_of(sent, signal="logs")
    assert item.reason == "not_a_failure"


def test_where_texts_are_not_captured_there_are_no_parts():
    sent = told("gen_ai.user.message", {"content": "a"})
    (item,) = items_of(sent, signal="logs", capture="none")
    assert item.reason == "not_a_failure"


def test_what_fails_is_an_error_beside_its_texts():
    sent = told("gen_ai.user.message", {"content": "a"}, {"exception.type": "ValueError"})
    part, error = events_of(sent, signal="logs")
    assert (part.kind, texts_of(part), error.kind) == ("trace", ("a", None), "error")


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        ([("user", "a")], "a"),
        ([("", "system: a\n\nuser: b")], "system: a\n\nuser: b"),
        ([("system", "a"), ("user", "b")], "system: a\n\nuser: b"),
        ([("system", "a"), ("", "user: b\n\ntool: c")], "system: a\n\nuser: b\n\ntool: c"),
    ],
)
def test_pieces_are_put_together_as_messages_are(pieces, text):
    assert put_together(pieces, 100) == (text, None)


def test_a_long_conversation_keeps_its_end():
    asked = [{"role": "user", "content": letter * 9000} for letter in "abc"]
    part = part_of(DETAILS, None, {"gen_ai.input.messages": asked})
    assert len(part.input_text) <= 16384
    assert part.input_text.startswith(b"[2 earlier messages left out]")
    assert json.loads(part.metadata)["truncated"] == {"input_text": 27022}


@pytest.mark.gen_test
@pytest.mark.parametrize("body", captured("otlp-logs"))
async def test_captured_texts_are_accepted_as_traces(body, post, counted, ledger):
    path, headers = request_of(body)
    assert (await post(path, body.read_bytes(), None, headers=headers)).code == 200
    wanted = [
        one
        for one in expected_of(body).get("content_events", [])
        if one["span_id"] and any(one.get(f"{name}text_contains") for name in WHERE)
    ]
    assert counted("events_accepted_total", kind="trace") >= len(wanted)
    assert ledger()["rejected"] == 0


WHERE = ("", "input_", "output_")
