"""What spans say was asked and answered, wherever their senders put it."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.receivers.otlp.records import Happening
from server.receivers.otlp.texts.carriers import CARRIERS, FAMILIES
from server.receivers.otlp.texts.content import texts

from .generated import steady
from .otlp import call, packed, pairs

pytestmark = pytest.mark.gen_test

ASKED = [{"role": "user", "parts": [{"type": "text", "content": "Où?"}]}]
SAID = [{"role": "assistant", "parts": [{"type": "text", "content": "日本"}]}]
CHAT = [{"role": "user", "content": "Où?"}]
REQUEST = {"model": "m", "messages": CHAT}
RESPONSE = {"choices": [{"message": {"role": "assistant", "content": "日本"}}], "usage": {}}
GENERATION = {  # of LangChain, whose call failed
    "text": "",
    "type": "ChatGeneration",
    "message": {"type": "constructor", "kwargs": {"content": "", "type": "ai", "tool_calls": []}},
}


@pytest.fixture
def stored(post, rows):
    """The texts of a call's row, whose span has these attributes and events, and its metadata."""

    async def stored(attributes, events=()):
        told = [{"name": name, "attributes": pairs(members)} for name, members in events]
        response = await post("/v1/traces", packed([call(1, attributes, events=told)]))
        assert response.code == 200, response.body
        (row,) = await rows()
        return row

    return stored


def indexed(family, *messages):
    """Messages as attributes of their own."""
    return {
        f"{family}{number}.{name}": value
        for number, message in enumerate(messages)
        for name, value in message.items()
    }


CARRIED = [
    ({"gen_ai.input.messages": ASKED}, {"gen_ai.output.messages": SAID}),
    (
        {"openclaw.content.input_messages": ASKED},
        {"openclaw.content.output_messages": SAID},
    ),
    (
        {"ai.prompt.messages": [{"role": "user", "content": [{"type": "text", "text": "Où?"}]}]},
        {"ai.response.text": "日本"},
    ),
    ({"ai.prompt": {"messages": CHAT}}, {"ai.result.text": "日本"}),
    ({"gen_ai.prompt": CHAT}, {"gen_ai.completion": [{"role": "assistant", "content": "日本"}]}),
    ({"gen_ai.content.prompt": "Où?"}, {"gen_ai.content.completion": "日本"}),
    ({"llm.prompts": CHAT}, {"llm.responses": [{"role": "assistant", "content": "日本"}]}),
    (
        {
            "gcp.vertex.agent.llm_request": {
                "contents": [{"role": "user", "parts": [{"text": "Où?"}]}]
            }
        },
        {"gcp.vertex.agent.llm_response": {"content": {"parts": [{"text": "日本"}]}}},
    ),
    ({"langfuse.observation.input": CHAT}, {"langfuse.observation.output": RESPONSE}),
    ({"mlflow.spanInputs": REQUEST}, {"mlflow.spanOutputs": RESPONSE}),
    (
        {"genkit:input": {"messages": [{"role": "user", "content": [{"text": "Où?"}]}]}},
        {"genkit:output": {"message": {"role": "model", "content": [{"text": "日本"}]}, "raw": {}}},
    ),
    ({"llm.messages": CHAT}, {}),
    ({"request_data": REQUEST}, {"response_data": {"message": {"content": "日本"}}}),
    ({"request_data": REQUEST}, {"response_data": {"combined_chunk_content": "日本"}}),
    ({"input.value": REQUEST}, {"output.value": RESPONSE}),
    ({"mlflow.spanInputs": {"model": "m", "input": "Où?"}}, {"mlflow.spanOutputs": RESPONSE}),
    ({"request_data": {"prompt": "Où?"}}, {"response_data": {"message": {"content": "日本"}}}),
    (
        {"langwatch.input": {"type": "chat_messages", "value": CHAT}},
        {"langwatch.output": {"type": "text", "value": "日本"}},
    ),
    (
        {"langwatch.input": {"type": "text", "value": "Où?"}},
        {"langwatch.output": {"type": "chat_messages", "value": [{"content": "日本"}]}},
    ),
    ({"input": CHAT, "request_data": {"messages": CHAT * 2}}, {"output": [{"content": "日本"}]}),
    ({"inputs": ["Où?"]}, {}),
    ({"input.value": "Où?"}, {"output.value": "日本"}),
    ({"traceloop.entity.input": "Où?"}, {"traceloop.entity.output": "日本"}),
    ({"events": [{"event.name": "gen_ai.user.message", "content": "Où?"}]}, {}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "said"), CARRIED)
async def test_texts_are_found_in_json(asked, said, stored):
    row = await stored(
        {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in {**asked, **said}.items()
        }
    )
    assert row["input_text"] == "Où?"
    assert row["output_text"] == ("日本" if said else None)


@pytest.mark.parametrize(("asked", "said"), CARRIED[:2])
async def test_texts_are_found_in_structured_values(asked, said, stored):
    row = await stored({**asked, **said})
    assert (row["input_text"], row["output_text"]) == ("Où?", "日本")


@pytest.mark.parametrize(
    ("attributes", "asked", "said"),
    [
        (
            indexed("gen_ai.prompt.", {"role": "system", "content": "Short."}, {"content": "Où?"})
            | indexed("gen_ai.completion.", {"role": "assistant", "content": "日本"}),
            "system: Short.\n\nuser: Où?",
            "日本",
        ),
        (indexed("gen_ai.prompt.", {"user": "Once"}), "Once", None),
        (
            indexed(
                "gen_ai.input.messages.",
                {"message.role": "system", "message.content": "Short."},
                {"message.role": "user", "message.content": "Où?"},
            )
            | indexed("gen_ai.output.messages.", {"message.content": "日本"}),
            "system: Short.\n\nuser: Où?",
            "日本",
        ),
        (
            {
                "gen_ai.prompt.0.content": json.dumps([{"type": "text", "text": "see"}]),
                "gen_ai.completion.0.content": "",
                "gen_ai.completion.0.tool_calls.0.name": "f",
                "gen_ai.completion.0.tool_calls.0.arguments": '{"a": "\\u65e5"}',
                "gen_ai.completion.0.tool_calls.1.name": "g",
            },
            "see",
            'f({"a": "日"})\ng()',
        ),
        (
            {
                "gen_ai.completion.0.function_call.name": "f",
                "gen_ai.completion.0.function_call.arguments": "{}",
            },
            None,
            "f({})",
        ),
        (
            indexed("llm.prompts.", {"prompt.text": "Once"})
            | indexed("llm.choices.", {"completion.text": "upon"}),
            "Once",
            "upon",
        ),
        (
            indexed("llm.prompts.", {"role": "user", "content": "Once"})
            | indexed("llm.completions.", {"content": "upon"}),
            "Once",
            "upon",
        ),
        (
            indexed(
                "embedding.embeddings.", {"embedding.text": "a"}, {"embedding.vector": [0.1, 0.2]}
            ),
            "a",
            None,
        ),
        (
            indexed(
                "llm.input_messages.",
                {
                    "message.role": "user",
                    "message.contents.0.message_content.type": "text",
                    "message.contents.0.message_content.text": "see",
                    "message.contents.1.message_content.type": "image",
                    "message.contents.1.message_content.image.image.url": "http://x/y",
                },
            )
            | indexed(
                "llm.output_messages.",
                {
                    "message.role": "assistant",
                    "message.tool_calls.0.tool_call.function.name": "f",
                    "message.tool_calls.0.tool_call.function.arguments": "{}",
                },
            ),
            "see\nhttp://x/y",
            "f({})",
        ),
    ],
)
async def test_lists_are_put_together_from_indexed_names(attributes, asked, said, stored):
    row = await stored(attributes)
    assert (row["input_text"], row["output_text"]) == (asked, said)


@pytest.mark.parametrize(
    ("events", "asked", "said"),
    [
        (
            [
                ("gen_ai.system.message", {"content": "Short."}),
                ("gen_ai.user.message", {"content": "Où?"}),
                ("gen_ai.choice", {"index": 0, "message": '{"content": "日本"}'}),
            ],
            "system: Short.\n\nuser: Où?",
            "日本",
        ),
        (
            [
                ("gen_ai.user.message", {"content": '[{"text": "Où?"}]'}),
                (
                    "gen_ai.choice",
                    {"message": '[{"toolUse": {"name": "f", "input": {"a": 1}}}]'},
                ),
            ],
            "Où?",
            'f({"a": 1})',
        ),
        (
            [
                ("gen_ai.user.message", {"gen_ai.event.content": '{"content": "Où?"}'}),
                ("gen_ai.choice", {"gen_ai.event.content": '{"message": {"content": "日本"}}'}),
            ],
            "Où?",
            "日本",
        ),
        (
            [
                ("gen_ai.user.message", {"content": "Où?"}),
                ("gen_ai.assistant.message", {"tool_calls": '[{"function": {"name": "f"}}]'}),
                ("gen_ai.tool.message", {"content": '{"c": 11}'}),
            ],
            'user: Où?\n\nassistant: f()\n\ntool: {"c": 11}',
            None,
        ),
        (
            [
                ("gen_ai.content.prompt", {"gen_ai.prompt": json.dumps(CHAT)}),
                ("gen_ai.content.completion", {"gen_ai.completion": "日本"}),
            ],
            "Où?",
            "日本",
        ),
        (
            [
                (
                    "gen_ai.client.inference.operation.details",
                    {"gen_ai.input.messages": json.dumps(ASKED)},
                ),
                ("gen_ai.client.inference.operation.details", {"gen_ai.output.messages": SAID}),
            ],
            "Où?",
            "日本",
        ),
    ],
)
async def test_events_of_the_span_are_read(events, asked, said, stored):
    row = await stored({}, events)
    assert (row["input_text"], row["output_text"]) == (asked, said)


@pytest.mark.parametrize(
    "instructions",
    [
        {"gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be brief."}])},
        {"gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}]},
        {"openclaw.content.system_prompt": "Be brief."},
    ],
)
async def test_instructions_stand_before_the_messages(instructions, stored):
    row = await stored({**instructions, "gen_ai.input.messages": json.dumps(ASKED)})
    assert row["input_text"] == "system: Be brief.\n\nuser: Où?"


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_instructions_that_are_among_the_messages_are_shown_once(role, stored):
    messages = [{"role": role, "content": "Be brief."}, *CHAT]
    row = await stored(
        {"gen_ai.system_instructions": "Be brief.", "gen_ai.input.messages": json.dumps(messages)}
    )
    assert row["input_text"] == f"{role}: Be brief.\n\nuser: Où?"


async def test_a_request_for_a_text_has_its_instructions_before_it(stored):
    request = {"instructions": "Be brief.", "input": "Où?"}
    row = await stored({"mlflow.spanInputs": json.dumps(request)})
    assert row["input_text"] == "system: Be brief.\n\nuser: Où?"


async def test_openinferences_request_for_a_text_is_shown_whole(stored):
    row = await stored({"input.value": '{"model": "m", "input": "Où?"}'})
    assert row["input_text"] == '{"model": "m", "input": "Où?"}'


@pytest.mark.parametrize(
    ("last", "asked", "said"),
    [
        (
            [{"role": "assistant", "content": "日本"}],
            'user: Où?\n\nassistant: f({"a": 1})\n\ntool: 11',
            "日本",
        ),
        ([], 'user: Où?\n\nassistant: f({"a": 1})\n\ntool: 11', None),
    ],
)
async def test_of_events_in_an_attribute_the_last_can_be_the_answer(last, asked, said, stored):
    call = {"type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    messages = [
        *CHAT,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "content": "11"},
        *last,
    ]
    events = [{"event.name": f"gen_ai.{one['role']}.message", **one} for one in messages]
    row = await stored({"events": json.dumps(events)})
    assert (row["input_text"], row["output_text"]) == (asked, said)


async def test_of_the_events_of_a_span_the_last_is_no_answer(stored):
    row = await stored({}, [("gen_ai.assistant.message", {"content": "日本"})])
    assert (row["input_text"], row["output_text"]) == ("日本", None)


@pytest.mark.parametrize("name", ["embeddings", "embedding.embeddings"])
async def test_vectors_are_no_metadata(name, stored):
    row = await stored({name: "[[0.5, 0.25]]"})
    assert "attributes" not in row["metadata"]


@pytest.mark.parametrize(
    "asked",
    [
        {"system": "Be brief.", "messages": CHAT},
        {"instructions": "Be brief.", "input": CHAT},
        {"messages": [[{"role": "system", "content": "Be brief."}, *CHAT]]},
    ],
)
async def test_requests_of_many_shapes_are_readable(asked, stored):
    row = await stored({"input.value": json.dumps(asked)})
    assert row["input_text"] == "system: Be brief.\n\nuser: Où?"


async def test_a_tool_call_stands_apart_from_the_messages_before_it(stored):
    call = {"parts": [{"type": "tool_call", "name": "f", "arguments": {}}]}
    row = await stored({"gen_ai.output.messages": json.dumps([*SAID, call])})
    assert row["output_text"] == "日本\n\nf({})"


async def test_messages_that_are_pieces_of_a_text_run_on(stored):
    row = await stored({"gen_ai.output.messages": json.dumps(SAID * 2)})
    assert row["output_text"] == "日本日本"


async def test_messages_win_over_the_whole_request(stored):
    row = await stored(
        {"input.value": "x", "output.value": "y", "traceloop.entity.input": "z"}
        | indexed("llm.input_messages.", {"message.content": "Où?"})
        | indexed("llm.output_messages.", {"message.content": "日本"})
    )
    assert (row["input_text"], row["output_text"]) == ("Où?", "日本")


async def test_the_whole_request_wins_over_messages_that_lack_the_first(stored):
    row = await stored(
        {"input.value": json.dumps(REQUEST), "llm.input_messages.7.message.content": "x"}
    )
    assert row["input_text"] == "Où?"


async def test_messages_that_lack_the_first_are_better_than_nothing(stored):
    row = await stored({"input.value": "__REDACTED__", "llm.input_messages.7.message.content": "x"})
    assert row["input_text"] == "x"


async def test_what_is_empty_or_hidden_leaves_the_place_to_the_next(stored):
    row = await stored(
        {"gen_ai.input.messages": "", "gen_ai.output.messages": "__REDACTED__"}
        | indexed("gen_ai.prompt.", {"content": "Où?"})
        | indexed("gen_ai.completion.", {"content": "日本"})
    )
    assert (row["input_text"], row["output_text"]) == ("Où?", "日本")


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"input.value": "__REDACTED__", "output.value": "__REDACTED__"},
        {
            "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text"}]}]',
            "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text"}]}]',
        },
        {
            "gen_ai.input.messages": json.dumps(
                [
                    {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "f"}]},
                    {"role": "user", "parts": [{"type": "tool_call_response", "id": "1"}]},
                ]
            )
        },
        {"gen_ai.prompt.0.role": "user", "gen_ai.completion.0.finish_reason": "stop"},
        {"output.value": '{"object": "list", "data": [{"embedding": [0.1]}]}'},
        {"output.value": '{"choices": [{"message": {"content": null}}]}'},
        {"output": "null"},
        {"output.value": "<groq.Stream object at 0x7f2c5fe3e710>"},
        {"output.value": "{'data': [{'embedding': [0.5, 0.25], 'index': 0}]}"},
        {"output.value": json.dumps({"generations": [[GENERATION]], "type": "LLMResult"})},
    ],
)
async def test_without_captured_content_the_texts_are_null(attributes, stored):
    row = await stored(attributes)
    assert (row["input_text"], row["output_text"]) == (None, None)


async def test_values_to_embed_are_each_json_in_a_list(stored):
    row = await stored({"ai.values": ['"one"', '"two"']})
    assert row["input_text"] == "user: one\n\nuser: two"


async def test_words_and_tool_calls_of_one_answer_stand_together(stored):
    calls = [{"toolCallId": "1", "toolName": "f", "input": '{"a":1}'}]
    row = await stored({"ai.response.text": "See:", "ai.response.toolCalls": json.dumps(calls)})
    assert row["output_text"] == 'See:\nf({"a":1})'


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ({"type": "tool_call", "name": "f", "arguments": {"a": "é"}}, 'f({"a": "é"})'),
        ({"type": "tool-call", "toolName": "f", "args": {}}, "f({})"),
        ({"functionCall": {"name": "f", "args": {"a": 1}}}, 'f({"a": 1})'),
        ({"type": "tool_call_response", "response": {"c": 11}}, '{"c": 11}'),
        ({"type": "tool_call_response", "result": "11"}, "11"),
        ({"type": "tool-result", "output": {"type": "json", "value": {"c": 11}}}, '{"c": 11}'),
        ({"type": "tool-result", "output": {"type": "text", "value": "11"}}, "11"),
        ({"toolResult": {"content": [{"text": "11"}]}}, "11"),
        ({"type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}, 'f({"a": 1})'),
        ({"functionResponse": {"response": {"c": 11}}}, '{"c": 11}'),
        ({"toolRequest": {"name": "f", "ref": "1", "input": {"a": 1}}}, 'f({"a": 1})'),
        ({"toolResponse": {"name": "f", "ref": "1", "output": {"c": 11}}}, '{"c": 11}'),
        (
            {"type": "blob", "mime_type": "image/png", "content": "A" * 400},
            "[image/png, 300 bytes]",
        ),
        ({"type": "image", "image": "A" * 400}, "[image, 300 bytes]"),
        (
            {"type": "image", "source": {"media_type": "image/png", "data": "A" * 400}},
            "[image/png, 300 bytes]",
        ),
        (
            {"type": "file", "mediaType": "application/pdf", "data": "AAAA"},
            "[application/pdf, 3 bytes]",
        ),
        ({"type": "image", "image": "http://x/y"}, "http://x/y"),
        ({"type": "image", "image": "data:image/png;base64,AAAA"}, "[image/png, 3 bytes]"),
        ({"type": "uri", "modality": "image", "uri": "http://x/y"}, "http://x/y"),
        ({"type": "file", "modality": "image", "file_id": "f1"}, "f1"),
        ({"type": "text", "text": {"value": "11"}}, "11"),
        ({"type": "reasoning", "content": "hm"}, "hm"),
        ({"type": "hologram"}, "[hologram]"),
        ({"type": "custom", "kind": "anthropic.message_start"}, None),
    ],
)
async def test_parts_of_many_shapes_are_readable(part, shown, stored):
    row = await stored({"gen_ai.output.messages": json.dumps([{"parts": [part]}])})
    assert row["output_text"] == shown


@pytest.mark.parametrize(
    "thought",
    [
        {"type": "reasoning", "content": "hm"},
        {"type": "thinking", "thinking": "hm"},
        {"text": "hm", "thought": True},
    ],
)
async def test_thoughts_are_no_part_of_an_answer(thought, stored):
    parts = [thought, {"type": "text", "content": "日本"}]
    row = await stored({"gen_ai.output.messages": json.dumps([{"parts": parts}])})
    assert row["output_text"] == "日本"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('[{"role": "user", "parts": [{"type": "te', '[{"role": "user", "parts": [{"type": "te'),
        ('{"question": "Où?"}', '{"question": "Où?"}'),
        ('{"question": "O\\u00f9?"}', '{"question": "Où?"}'),
        ("[1, 2]", None),
        ("{}", None),
        ("{" * 5000, "{" * 5000),
        ("[" * 5000 + "]" * 5000, "[" * 5000 + "]" * 5000),
        ('[{"content": "\\ud83d"}]', "?"),
        ('[{"content": "a\\u0000b"}]', "a\N{REPLACEMENT CHARACTER}b"),
        ('[{"content": "data:image/png;base64,AAAA"}]', "[image/png, 3 bytes]"),
    ],
)
async def test_what_cannot_be_read_is_kept_as_it_is(text, shown, stored):
    row = await stored({"input.value": text})
    assert row["input_text"] == shown


async def test_the_question_survives_a_history_that_is_too_long(stored):
    history = [{"role": "user", "content": f"{n} " + "x" * 3000} for n in range(20)]
    messages = [*history, {"role": "user", "content": "and now?"}]
    row = await stored({"gen_ai.input.messages": json.dumps(messages)})
    assert row["input_text"].startswith("[15 earlier messages left out]\n\nuser: 15 x")
    assert row["input_text"].endswith("user: and now?")
    assert row["metadata"]["truncated"] == {"input_text": 60224}


async def test_of_very_many_messages_the_last_are_read(stored):
    asked = [{"role": "user", "content": "first"}, *[{}] * 10_000, *CHAT]
    row = await stored({"gen_ai.input.messages": json.dumps(asked)})
    assert row["input_text"] == "Où?"


def read(attributes, events=()):
    """The texts of a span that nobody sent."""
    happenings = [Happening(name, 0, members) for name, members in events]
    return texts(attributes, happenings, 16384)


@pytest.mark.parametrize("index", ["999999999", "9" * 18, "9" * 5000, "-1", "1e9", "٣", "", "0x1"])
def test_an_index_takes_no_memory(index):
    attributes = {f"gen_ai.prompt.{index}.content": "late", "gen_ai.prompt.0.content": "Où?"}
    tracemalloc.start()
    found = read(attributes)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert found.input_text in ("Où?", "user: Où?\n\nuser: late")


def test_lists_are_in_the_order_of_their_indexes():
    found = read({f"gen_ai.prompt.{n}.content": str(n) for n in (10, 9, 0, 2)})
    assert found.input_text == "user: 0\n\nuser: 2\n\nuser: 9\n\nuser: 10"


def test_levels_that_contradict_each_other_do_no_harm():
    names = ("0", "0.content", "0.content.x", "0.content.0.text", "", ".", "0.", "0..", "x.0")
    assert read({f"gen_ai.prompt.{name}": "x" for name in names}).input_text == "x"


def test_a_name_of_many_levels_does_no_harm():
    assert read({"gen_ai.prompt.0" + ".a" * 100_000: "x"}).input_text is None


@pytest.mark.slow
def test_many_indexed_names_take_little_memory():
    attributes = {f"gen_ai.prompt.{n}.a.b.c.d.e.f.g": "x" for n in range(30_000)}
    tracemalloc.start()
    read(attributes)
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("text", ["x" * 8_000_000, json.dumps([{"content": "x" * 8_000_000}])])
def test_a_huge_text_is_not_copied_often(text):
    tracemalloc.start()
    found = read({"gen_ai.input.messages": text})
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert len(found.input_text) == len(text)


LEAVES = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.binary()),
    st.sampled_from(
        ["x", "", "[]", "{}", '"x"', '{"a": 1}', '[{"content": "x"}]', "data:;base64,AA"]
    ),
    st.sampled_from(["tool_call", "tool-result", "reasoning", "blob", "image", "file", "text"]),
)
KEYS = st.sampled_from(
    [
        *("role", "type", "content", "parts", "text", "messages", "choices", "output", "message"),
        *("tool_calls", "function", "name", "args", "image", "image_url", "source", "data"),
        *("mime_type", "response", "result", "toolName", "toolResult", "thinking", "value"),
        *("functionCall", "event.name", "contents", "system", "input", "prompt", "0", "1"),
    ]
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12
)
ANYTHING_OR_JSON = ANYTHING | ANYTHING.map(lambda value: json.dumps(value, default=str))
NAMES = st.sampled_from(sorted(CARRIERS)) | st.builds(
    lambda family, levels: family + ".".join(levels),
    st.sampled_from(FAMILIES),
    st.lists(KEYS | st.integers().map(str), min_size=1, max_size=5),
)
EVENTS = st.sampled_from(
    [
        *("gen_ai.user.message", "gen_ai.tool.message", "gen_ai.choice", "gen_ai.content.prompt"),
        "gen_ai.client.inference.operation.details",
    ]
)
MEMBERS = st.dictionaries(
    KEYS | st.sampled_from(["gen_ai.event.content", "gen_ai.prompt", "gen_ai.input.messages"]),
    ANYTHING_OR_JSON,
)


@pytest.mark.slow
@steady(100)
@given(st.dictionaries(NAMES, ANYTHING_OR_JSON), st.lists(st.tuples(EVENTS, MEMBERS), max_size=3))
def test_no_value_is_too_odd_to_read(attributes, events):
    found = read(attributes, events)
    for text in found[:2]:
        assert text is None or (text and text.encode())
