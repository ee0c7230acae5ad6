"""What the attributes of a model call become: columns, metadata, or what they were."""

import json
import re

import pytest

from server.events import Trace
from server.receivers.lenient import count
from server.receivers.otlp.calls import attributes as attributes_module
from server.receivers.otlp.calls import columns
from server.receivers.otlp.calls.conventions import COLUMNS, EITHER_MODEL, METADATA, USES
from server.receivers.otlp.calls.lines import Line, by_attribute
from server.receivers.otlp.decoding import reading
from server.receivers.otlp.failing.failures import Failure
from server.receivers.otlp.records import Span
from server.receivers.otlp.texts.content import Texts

from .otlp import CHAT, PROTOBUF, START, packed, span, trace_of

TRACE_ID = "01" * 16
UNKNOWN = {"gen_ai.operation.name": "chat"}
VERCEL = "ai.response.providerMetadata"


def row(attributes, **members):
    """The Trace of a chat with these attributes."""
    return trace_of({**UNKNOWN, **attributes}, **members)


def metadata(trace):
    return json.loads(trace.metadata)


# The table


def test_every_line_is_for_a_column_or_for_one_member_of_the_metadata():
    assert set(Trace._fields) >= COLUMNS.keys()
    assert not METADATA.keys() & {*Trace._fields, EITHER_MODEL, "attributes", "scope", "span_name"}


def test_no_attribute_comes_twice_for_a_member_unless_in_parts():
    for member, lines in {**COLUMNS, **METADATA}.items():
        whole = [line.attribute for line in lines if line.whole]
        assert len(set(whole)) == len(whole), member


def test_an_attribute_is_wholly_told_by_one_line_at_most():
    for attribute, uses in USES.items():
        assert sum(whole for *_, whole in uses) <= 1, attribute


def test_a_new_convention_is_a_line_for_each_name_of_its_own(monkeypatch):
    lines = (*COLUMNS["prompt_tokens"], Line("acme.tokens.in", count))
    uses = by_attribute({**COLUMNS, "prompt_tokens": lines})
    monkeypatch.setattr(attributes_module, "_KNOWN", uses)
    assert row({"acme.tokens.in": "5"}).prompt_tokens == 5
    assert row({"acme.tokens.in": 5, "gen_ai.usage.input_tokens": 6}).prompt_tokens == 6


# Identity and times


def test_a_call_is_known_by_its_span_and_keeps_its_times():
    trace = row({}, parent_span_id=b"\3" * 8)
    assert (trace.event_id, trace.trace_id) == (f"{TRACE_ID}:{'02' * 8}", TRACE_ID)
    assert (trace.span_id, trace.parent_span_id) == ("02" * 8, "03" * 8)
    assert (trace.started_at, trace.latency_ms) == (START // 1_000_000, 1234.568)


def test_a_span_without_an_id_is_the_same_row_when_it_is_sent_again():
    first, second = row({}, span_id=b""), row({}, span_id=b"")
    assert first.event_id == second.event_id != row({}, span_id=b"", name="other").event_id
    assert (first.trace_id, first.span_id) == (TRACE_ID, None)
    lone = row({}, trace_id=b"", span_id=b"")
    assert lone.trace_id == lone.event_id


@pytest.mark.parametrize("end", [0, START - 1])
def test_a_latency_is_null_where_the_end_is_missing_or_comes_first(end):
    assert row({}, end_time_unix_nano=end).latency_ms is None


def test_a_start_that_is_missing_or_no_time_is_null():
    assert row({}, start_time_unix_nano=0).started_at is None
    assert row({}, start_time_unix_nano=1).started_at is None


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"gen_ai.response.time_to_first_chunk": 0.125}, 125.0),
        ({"gen_ai.client.operation.time_to_first_chunk": 0.0665069}, 66.507),
        ({"ai.response.msToFirstChunk": 47.9554}, 47.955),
        ({"openclaw.model_call.time_to_first_byte_ms": 119}, 119.0),
        ({"gen_ai.server.time_to_first_token": 0.003}, 3.0),
        ({"gen_ai.server.time_to_first_token": 1204}, 1204.0),
        ({"gen_ai.latency.time_to_first_token": 0.05}, 50.0),
        ({"ttft_ms": 900}, 900.0),
        ({"ai.response.msToFirstChunk": -1}, None),
        ({"langfuse.observation.completion_start_time": '"2026-11-23T16:44:32.809Z"'}, 100.0),
        ({"langfuse.observation.completion_start_time": '"2026-11-22T16:44:32.809Z"'}, None),
        ({"langfuse.observation.completion_start_time": "soon"}, None),
        ({}, None),
    ],
)
def test_the_time_to_the_first_token_is_in_milliseconds_for_every_sender(attributes, wanted):
    assert row(attributes).time_to_first_token_ms == wanted


def test_an_event_can_tell_when_the_first_token_came():
    chunks = [
        {"name": "something"},
        {"name": "llm.content.completion.chunk", "time_unix_nano": START + 50_000_000},
        {"name": "llm.content.completion.chunk", "time_unix_nano": START + 90_000_000},
    ]
    assert row({}, events=chunks).time_to_first_token_ms == 50.0
    assert row({"ai.response.msToFirstChunk": 40}, events=chunks).time_to_first_token_ms == 40.0


# Provider and model


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        ({"gen_ai.provider.name": "openai", "gen_ai.system": "other"}, "openai"),
        ({"gen_ai.provider.name": "", "gen_ai.system": "Anthropic"}, "anthropic"),
        ({"gen_ai.system": "aws.bedrock"}, "aws.bedrock"),
        ({"langsmith.metadata.ls_provider": "openai", "gen_ai.system": "langchain"}, "openai"),
        ({"mlflow.message.format": '"anthropic"'}, "anthropic"),
        ({"gen_ai.system": "openai.chat", "ai.model.provider": "openai.chat"}, "openai"),
        ({"gen_ai.provider.name": "openai.chat"}, "openai"),
        ({"gen_ai.provider.name": "Google.Generative-AI"}, "google"),
        ({"gen_ai.provider.name": "azure.ai.openai"}, "azure.ai.openai"),
        ({"gen_ai.provider.name": "gcp.vertex_ai"}, "gcp.vertex_ai"),
        ({"gen_ai.provider.name": "chat"}, "chat"),
        ({"metadata": '{"ls_provider":"openai","ls_model_type":"chat"}'}, "openai"),
        ({"metadata": '{"ls_provider":"openai"}', "llm.provider": "azure"}, "azure"),
        ({"langfuse.observation.metadata.ls_provider": "openai"}, "openai"),
        ({"traceloop.association.properties.ls_provider": "openai"}, "openai"),
        ({"llm.provider": "azure", "llm.system": "openai"}, "azure"),
        ({"llm.system": "openai"}, "openai"),
        ({"gen_ai.system": "", "litellm.provider.model": "Mistral/large"}, "mistral"),
        ({"litellm.provider.model": "gpt-4o"}, "unknown"),
        ({"llm.model_name": "deepseek/deepseek-chat"}, "deepseek"),
        ({"mlflow.llm.provider": '"openai"'}, "openai"),
        ({"openclaw.provider": "stubai"}, "stubai"),
        ({"gen_ai.system": 3}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_provider_is_in_lower_case_and_without_its_api(attributes, wanted):
    assert row(attributes).provider == wanted


@pytest.mark.parametrize(
    ("attributes", "wanted", "response"),
    [
        ({"gen_ai.request.model": "m", "gen_ai.response.model": "m-1"}, "m", "m-1"),
        ({"gen_ai.request.model": "m", "gen_ai.response.model": "m"}, "m", "m"),
        ({"gen_ai.request.model": "", "ai.model.id": "m"}, "m", None),
        ({"llm.invocation_parameters": '{"model": "m"}', "llm.model_name": "m-1"}, "m", "m-1"),
        ({"llm.invocation_parameters": '{"model": "m"}', "llm.model_name": "m"}, "m", None),
        ({"llm.invocation_parameters": '{"model_name": "m"}'}, "m", None),
        ({"llm.invocation_parameters": '{"model": "m', "llm.model_name": "m-1"}, "m-1", None),
        ({"llm.invocation_parameters": '["model"]', "llm.model_name": "m-1"}, "m-1", None),
        ({"embedding.model_name": "e"}, "e", None),
        ({"llm.request.model_name": "m", "llm.response.model_name": "m-1"}, "m", "m-1"),
        ({"langfuse.observation.model.name": "m"}, "m", None),
        (
            {
                "langfuse.observation.model.name": "m-1",
                "langfuse.observation.metadata.ls_model_name": "m",
            },
            "m",
            None,
        ),
        ({"mlflow.llm.model": '"m"'}, "m", None),
        ({"mlflow.llm.model": '"m-1"', "model": '"m"'}, "m", None),
        ({"gen_ai.request.parameters": '{"model": "m"}', "gen_ai.request.model": "m-1"}, "m", None),
        ({"gen_ai.response.model": "m-1"}, "m-1", "m-1"),
        ({"gen_ai.request.model": "m", "gen_ai.response.model": "none"}, "m", None),
        ({"gen_ai.response.model": "none"}, "unknown", None),
        ({}, "unknown", None),
    ],
)
def test_the_model_is_the_requested_one(attributes, wanted, response):
    trace = row(attributes)
    assert (trace.model, metadata(trace).get("response_model")) == (wanted, response)


# Tokens


def tokens(attributes, **members):
    trace = row(attributes, **members)
    return trace.prompt_tokens, trace.completion_tokens, trace.total_tokens


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 20},
        {"gen_ai.usage.prompt_tokens": 11, "gen_ai.usage.completion_tokens": 20},
        {"gen_ai.usage.input_tokens": 11, "gen_ai.usage.prompt_tokens": 5}
        | {"gen_ai.usage.output_tokens": 20},
        {"llm.token_count.prompt": 11, "llm.token_count.completion": 20},
        {"ai.usage.inputTokens": 11, "ai.usage.outputTokens": 20},
        {"gen_ai.usage.input_tokens": "11", "gen_ai.usage.output_tokens": 20.0},
        {"gen_ai.usage.input_tokens": "", "ai.usage.promptTokens": 11}
        | {"ai.usage.completionTokens": 20},
        {"langfuse.observation.usage_details": '{"input": 11, "output":20}'},
        {"langfuse.observation.usage_details": '{"prompt_tokens":11,"completion_tokens":20}'},
        {"mlflow.chat.tokenUsage": '{"input_tokens": 11, "output_tokens": 20}'},
        {"mlflow.chat.tokenUsage": {"input_tokens": 11, "output_tokens": 20}},
        {"openclaw.tokens.input": 11, "openclaw.tokens.output": 20},
        {"gen_ai.usage.raw": '{"input_tokens":3}', "gen_ai.usage.input_tokens": 11}
        | {"gen_ai.usage.output_tokens": 20, "mlflow.spanOutputs": '{"usage":{"prompt_tokens":3}}'},
    ],
)
def test_each_convention_tells_its_tokens_and_their_sum_is_the_total(attributes):
    assert tokens(attributes) == (11, 20, 31)


def test_a_reported_total_is_kept_and_a_sum_needs_one_of_its_parts():
    assert tokens({"gen_ai.usage.input_tokens": 1, "llm.usage.total_tokens": 9}) == (1, None, 9)
    assert tokens({"ai.usage.tokens": 4}) == (4, None, 4)
    assert tokens({}) == (None, None, None)


@pytest.mark.parametrize("attribute", ["mlflow.spanOutputs", "output.value"])
@pytest.mark.parametrize(
    ("end", "wanted"),
    [
        ('"usage": {"prompt_tokens": 6, "total_tokens": 6}}', 6),
        ('"meta": {"usage":{"total_tokens":6,"prompt_tokens":6}}}', 6),
        ('"said": "\\"usage\\": {\\"prompt_tokens\\": 6}}"}', None),
        ('"usage": {"prompt_tokens": 6}, "said": ""}', None),
    ],
)
def test_the_tokens_of_an_embedding_can_be_behind_its_vectors(attribute, end, wanted):
    answer = '{"data": [{"embedding": [' + "0.25, " * 2000 + "0.25]}], " + end
    trace = row({attribute: answer})
    assert (trace.prompt_tokens, trace.total_tokens) == (wanted, wanted)
    assert "attributes" not in metadata(trace)


@pytest.mark.parametrize("value", [-1, 1.5, "many", True, [3], {"input": 3}, 1e300])
def test_a_number_that_counts_nothing_is_null_and_kept_as_it_came(value):
    trace = row({"gen_ai.usage.input_tokens": value})
    assert trace.prompt_tokens is None
    assert metadata(trace)["attributes"] == {"gen_ai.usage.input_tokens": value}


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.usage.cache_read.input_tokens": 512}
        | {"gen_ai.usage.cache_creation.input_tokens": 128},
        {"gen_ai.usage.cache_read_input_tokens": 512}
        | {"gen_ai.usage.cache_creation_input_tokens": 128},
        {"gen_ai.usage.cache_read.input_tokens": 512}
        | {"gen_ai.usage.cache_write.input_tokens": 128},
        {"llm.token_count.prompt_details.cache_read": 512}
        | {"llm.token_count.prompt_details.cache_write": 128},
        {
            "metadata.usage_object": "{'prompt_tokens_details': {'audio_tokens': None, "
            "'cached_tokens': 512}, 'cache_creation_input_tokens': 128}"
        },
        {"gen_ai.usage.input_token_details": "{'cache_read': 512, 'cache_creation': 128}"},
        {
            "langsmith.metadata.usage_metadata": '{"input_tokens": 900, "input_token_details": '
            '{"cache_read": 512, "cache_creation": 128}}'
        },
    ],
)
def test_what_a_cache_gave_and_took_has_one_meaning(attributes):
    trace = row({"gen_ai.usage.input_tokens": 900, **attributes})
    assert (trace.prompt_tokens, trace.cache_read_tokens, trace.cache_write_tokens) == (
        900,
        512,
        128,
    )


@pytest.mark.parametrize(
    ("attributes", "cached", "thought"),
    [
        ({"gen_ai.usage.details.cached_tokens": 512}, 512, None),
        ({"gen_ai.usage.output_token_details": "{'audio': 0, 'reasoning': 64}"}, None, 64),
        (
            {"langsmith.metadata.usage_metadata": '{"output_token_details":{"reasoning":64}}'},
            None, 64,
        ),
        (
            {
                "gen_ai.usage.raw": '{"input_tokens_details":{"cached_tokens":512},'
                '"output_tokens_details":{"reasoning_tokens":64}}'
            },
            512, 64,
        ),
        ({"usage": '{"cached_tokens": 512, "reasoning_tokens": 64}'}, 512, 64),
        ({"usage": '{"input_tokens":900,"cached_input_tokens":512}'}, 512, None),
        ({"langwatch.metrics": '{"prompt_tokens": 900, "reasoning_tokens": 64}'}, None, 64),
        (
            {
                "gen_ai.usage.prompt_token_details.cached_read_tokens": 512,
                "gen_ai.usage.completion_token_details.reasoning_tokens": 64,
            },
            512, 64,
        ),
        (
            {
                "gen_ai.usage.input_token_details.cached_read_tokens": 512,
                "gen_ai.usage.output_token_details.reasoning_tokens": 64,
            },
            512, 64,
        ),
        (
            {VERCEL: '{"openai":{"reasoningTokens":64,"cachedPromptTokens":512}}'},
            512, 64,
        ),
        ({VERCEL: '{"openai":{"cachedPromptTokens":null}}'}, None, None),
    ],
)  # fmt: skip
def test_further_senders_tell_parts_of_their_tokens(attributes, cached, thought):
    counted = {"gen_ai.usage.input_tokens": 900, "gen_ai.usage.output_tokens": 100}
    trace = row({**counted, **attributes})
    assert (trace.prompt_tokens, trace.completion_tokens) == (900, 100)
    assert (trace.cache_read_tokens, trace.reasoning_tokens) == (cached, thought)


@pytest.mark.parametrize(
    "said",
    [
        '{"anthropic":{"cacheCreationInputTokens":200,"cacheReadInputTokens":1000}}',
        '{"anthropic":{"usage":{"input_tokens":33,"cache_creation_input_tokens":200,'
        '"cache_read_input_tokens":1000},"cacheCreationInputTokens":200}}',
    ],
)
def test_vercel_hands_on_what_anthropics_cache_gave_and_took(said):
    trace = row({VERCEL: said, "ai.usage.promptTokens": 33, "ai.usage.completionTokens": 44})
    assert (trace.cache_read_tokens, trace.cache_write_tokens) == (1000, 200)
    assert (trace.prompt_tokens, trace.total_tokens) == (1233, 1277)


def test_langfuse_of_langchain_counts_all_parts_apart():
    details = '{"input":239,"output":14,"total":325,"input_cache_read":64,"output_reasoning":8}'
    trace = row({"langfuse.observation.usage_details": details})
    assert (trace.prompt_tokens, trace.completion_tokens, trace.total_tokens) == (303, 22, 325)
    assert (trace.cache_read_tokens, trace.reasoning_tokens) == (64, 8)


VERCEL_5 = {"ai.operationId": "ai.streamText.doStream", "ai.model.provider": "anthropic.messages"}
READ, DETAILS = {"ai.usage.cachedInputTokens": 100}, "ai.usage.inputTokenDetails.cacheReadTokens"


@pytest.mark.parametrize(
    ("attributes", "scope", "prompt"),
    [
        ({**VERCEL_5, **READ}, "ai", 600),
        ({**VERCEL_5, **READ, DETAILS: 100}, "ai", 500),  # from 6 on
        ({**VERCEL_5, **READ, "ai.model.provider": "openai.chat"}, "ai", 500),
        (
            {"gen_ai.usage.cache_read.input_tokens": 100},
            "@traceloop/instrumentation-anthropic",
            600,
        ),
        ({"gen_ai.usage.cache_read.input_tokens": 100}, "opentelemetry.anthropic", 500),
    ],
)
def test_a_sender_known_to_count_cached_tokens_apart_is_mended(attributes, scope, prompt):
    used = {"gen_ai.usage.input_tokens": 500, "gen_ai.usage.output_tokens": 40}
    trace = trace_of({**CHAT, **used, **attributes}, scope=scope)
    assert (trace.prompt_tokens, trace.total_tokens) == (prompt, prompt + 40)


def test_cached_tokens_that_are_counted_apart_become_part_of_the_prompt():
    apart = {"gen_ai.usage.cache_read_input_tokens": 512}
    fewer = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 7, **apart}
    assert tokens(fewer) == (612, 7, 619)
    assert tokens({**fewer, "gen_ai.usage.total_tokens": 107}) == (612, 7, 619)
    took = {**fewer, "gen_ai.usage.cache_creation_input_tokens": 200}
    assert tokens({**took, "gen_ai.usage.total_tokens": 107}) == (812, 7, 819)
    more = {**fewer, "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.total_tokens": 1519}
    assert tokens(more) == (1512, 7, 1519)
    within = {**more, "gen_ai.usage.total_tokens": 1007}
    assert tokens(within) == (1000, 7, 1007)
    del more["gen_ai.usage.output_tokens"]  # which may be what the total has beside
    assert tokens(more) == (1000, None, 1519)


def test_a_sum_beyond_what_can_be_stored_stays_at_that():
    most = {"gen_ai.usage.input_tokens": 2**63 - 1, "gen_ai.usage.output_tokens": 1}
    assert tokens(most) == (2**63 - 1, 1, 2**63 - 1)


def test_thoughts_that_are_counted_apart_become_part_of_the_answer():
    thought = {"gen_ai.usage.input_tokens": 9, "gen_ai.usage.reasoning_tokens": 64}
    assert tokens({**thought, "gen_ai.usage.output_tokens": 84}) == (9, 84, 93)
    assert tokens({**thought, "gen_ai.usage.output_tokens": 20}) == (9, 84, 93)
    apart = {"gen_ai.usage.output_tokens": 84, "gen_ai.usage.total_tokens": 157}
    assert tokens({**thought, **apart}) == (9, 148, 157)
    both = {"gen_ai.usage.cache_read.input_tokens": 5, "gen_ai.usage.total_tokens": 162}
    assert tokens({**thought, **apart, **both}) == (14, 148, 162)


def test_zeros_of_litellms_usage_say_nothing():
    trace = row({"metadata.usage_object": "{'cached_tokens': 0, 'reasoning_tokens': 0}"})
    assert (trace.cache_read_tokens, trace.reasoning_tokens) == (None, None)


def failed(attributes):
    """The native members of a failed call with these attributes."""
    failure = Failure("RateLimitError", "no", None, 0, "429")
    (said,) = reading.spans(bytearray(packed([span(attributes)], PROTOBUF)), PROTOBUF, 1)
    assert isinstance(said, Span)
    return columns.trace(said, "chat", Texts(None, None, {}), failure)


def test_a_call_that_succeeded_keeps_its_zeros_and_one_that_failed_its_counts():
    zeros = {"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}
    assert tokens(zeros) == (0, 0, 0)
    assert not {"prompt_tokens", "completion_tokens", "total_tokens"} & failed(zeros).keys()
    counted = failed({**zeros, "gen_ai.usage.input_tokens": 9})
    assert (counted["prompt_tokens"], counted["total_tokens"]) == (9, 9)


def test_a_failed_call_names_its_error_once():
    trace = failed({"error.type": "RateLimitError", "error.message": "no", "error.code": "429"})
    assert (trace["status"], trace["error_type"]) == ("error", "RateLimitError")
    assert trace["metadata"]["error_code"] == "429"
    assert "attributes" not in trace["metadata"]


# Cost


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.cost.total_cost": 0.25, "gen_ai.cost.input_cost": 0.125},
        {"llm.cost.total": 0.25},
        {"operation.cost": 0.25},
        {"gen_ai.usage.cost": "0.25"},
        {"gen_ai.usage.total_cost": 0.25},
        {"langwatch.metrics": '{"prompt_tokens": 11, "cost": 0.25}'},
        {"langfuse.observation.cost_details": '{"input": 0.1, "total": 2.5e-1}'},
        {"mlflow.llm.cost": '{"input_cost": 0.1, "total_cost": 0.25}'},
    ],
)
def test_a_cost_is_kept_as_reported(attributes):
    trace = row(attributes)
    assert (trace.cost_usd, trace.cost_source) == (0.25, "reported")


def test_a_cost_of_nothing_is_no_price():
    trace = row({"gen_ai.cost.total_cost": 0.0, "litellm.cache_hit": "False"})
    assert (trace.cost_usd, trace.cost_source) == (None, None)


def test_an_answer_of_litellms_cache_cost_nothing():
    trace = row({"gen_ai.cost.total_cost": 0.0, "litellm.cache_hit": "True"})
    assert (trace.cost_usd, trace.cost_source) == (0.0, "reported")


# Who, and what else


@pytest.mark.parametrize(
    ("attributes", "session", "agent", "user"),
    [
        (
            {"gen_ai.conversation.id": "s", "gen_ai.agent.name": "a", "user.id": "u"},
            "s", "a", "u",
        ),
        (
            {
                "traceloop.association.properties.session_id": "s",
                "traceloop.association.properties.user_id": "u",
                "traceloop.workflow.name": "w",
                "traceloop.entity.path": "a",
            },
            "s", "a", "u",
        ),
        (
            {
                "ai.telemetry.metadata.sessionId": "s",
                "ai.telemetry.metadata.userId": "u",
                "ai.telemetry.functionId": "f",
            },
            "s", None, "u",
        ),
        ({"session.id": 7, "openclaw.agent": "main", "llm.user": "u"}, "7", "main", "u"),
        (
            {
                "lmnr.association.properties.session_id": "s",
                "lmnr.association.properties.user_id": "u",
            },
            "s", None, "u",
        ),
        ({"metadata.requester_metadata": "{'session_id': 's', 'x': 1}"}, "s", None, None),
        ({"gen_ai.session.id": "s", "gen_ai.user.id": "u"}, "s", None, "u"),
        ({"mastra.metadata.sessionId": "s", "mastra.metadata.userId": "u"}, "s", None, "u"),
        ({"langsmith.metadata.session_id": "s"}, "s", None, None),
        ({"langsmith.metadata.thread_id": "t"}, "t", None, None),
        ({"gcp.vertex.agent.session_id": "s"}, "s", None, None),
    ],
)  # fmt: skip
def test_who_called_is_told_by_each_convention(attributes, session, agent, user):
    trace = row(attributes)
    assert (trace.session_id, trace.agent) == (session, agent)
    assert metadata(trace).get("user_id") == user


def test_metadata_has_the_names_that_other_receivers_use():
    resource = {"service.name": "shop", "deployment.environment": "prod"}
    attributes = {
        **CHAT,
        "gen_ai.response.id": "r-1",
        "gen_ai.response.finish_reasons": ["stop", "length"],
        "llm.is_streaming": "True",
        "litellm.call_id": "c-1",
    }
    assert metadata(row(attributes, scope="litellm", resource=resource)) == {
        "response_id": "r-1",
        "finish_reasons": ["stop", "length"],
        "stream": True,
        "litellm_call_id": "c-1",
        "service_name": "shop",
        "environment": "prod",
        "scope": "litellm",
        "span_name": "chat",
    }


def test_the_newer_name_of_the_environment_comes_first_and_the_spans_own_before_both():
    resource = {"deployment.environment": "old", "deployment.environment.name": "new"}
    assert metadata(row({}, resource=resource))["environment"] == "new"
    own = row({"langfuse.environment": "own"}, resource=resource)
    assert metadata(own)["environment"] == "own"


@pytest.mark.parametrize("value", ['["stop"]', ["stop"], "stop"])
def test_finish_reasons_are_a_list_however_they_are_written(value):
    assert metadata(row({"gen_ai.response.finish_reasons": value}))["finish_reasons"] == ["stop"]


# The rest


def rest(attributes):
    return metadata(trace_of({**CHAT, **attributes})).get("attributes")


def test_what_no_line_takes_is_kept_as_it_came():
    kept = {"gen_ai.request.temperature": 0.3, "app.cart": {"items": [1, 2]}, "app.ok": False}
    assert rest(kept) == kept


def test_what_lost_to_a_better_line_is_kept_where_it_says_something_else():
    both = {"gen_ai.provider.name": "openai", "gen_ai.system": "OpenAI"}
    assert rest(both) is None
    assert rest({**both, "gen_ai.system": "az.ai.openai"}) == {"gen_ai.system": "az.ai.openai"}


def test_an_attribute_that_tells_more_than_was_taken_is_kept():
    asked = {"llm.invocation_parameters": '{"model": "gpt-4o", "temperature": 0.3}'}
    assert rest(asked) == asked


@pytest.mark.parametrize("nothing", ["", "None", "[]", "{}", []])
def test_what_says_nothing_is_left_out(nothing):
    assert rest({"metadata.team_alias": nothing}) is None


def test_vectors_are_left_out():
    vectors = {"ai.embeddings": ["[0.1, 0.2]"]}
    assert rest({"embedding.embeddings.0.embedding.vector": [0.1, 0.2], **vectors}) is None


def test_where_no_texts_are_captured_no_attribute_is_kept_under_its_own_name():
    trace = row({"app.note": "about Ann", "user.id": "u"}, capture="none")
    assert metadata(trace) == {"user_id": "u", "scope": "test", "span_name": "chat"}


def test_a_long_name_is_cut_and_a_long_id_is_hashed():
    trace = row({"gen_ai.request.model": "m" * 300, "session.id": "s" * 300})
    assert trace.model == "m" * 256
    assert re.fullmatch("sha256:[0-9a-f]{64}", trace.session_id)


def test_what_a_turn_used_has_tokens_and_no_latency():
    used = {"gen_ai.usage.input_tokens": 3973, "openclaw.tokens.input": 3461}
    cached = {"openclaw.tokens.cache_read": 512, "openclaw.tokens.total": 3974}
    output = {"openclaw.tokens.output": 1}
    whole = {"gen_ai.request.model": "m", **cached, **output}
    for attributes in ({**whole, **used}, {**whole, "openclaw.tokens.input": 3461}):
        trace = trace_of(attributes, scope="openclaw", name="openclaw.model.usage")
        assert (trace.prompt_tokens, trace.completion_tokens, trace.total_tokens) == (3973, 1, 3974)
        assert (trace.operation, trace.latency_ms) == ("turn_usage", None)


def test_a_call_says_whether_it_was_streamed():
    assert metadata(row({"gen_ai.request.streaming": True}))["stream"] is True
