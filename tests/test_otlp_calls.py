"""Which spans are a model call."""

import pytest

from .otlp import CHAT, trace_of

CLIENT = 3
USED = {"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 3}


def operation(attributes, **members):
    trace = trace_of(attributes, **members)
    return trace and trace.operation


@pytest.mark.parametrize(
    ("attribute", "word", "wanted"),
    [
        ("openinference.span.kind", "LLM", "chat"),
        ("openinference.span.kind", "EMBEDDING", "embeddings"),
        ("openinference.span.kind", "AGENT", None),
        ("openinference.span.kind", "RERANKER", None),
        ("openinference.span.kind", "SOMETHING", None),
        ("langfuse.observation.type", "generation", "chat"),
        ("langfuse.observation.type", "embedding", "embeddings"),
        ("langfuse.observation.type", "span", None),
        ("mlflow.spanType", '"CHAT_MODEL"', "chat"),
        ("mlflow.spanType", "LLM", "chat"),
        ("mlflow.spanType", '"EMBEDDING"', "embeddings"),
        ("mlflow.spanType", '"CHAIN"', None),
        ("langsmith.span.kind", "llm", "chat"),
        ("langsmith.span.kind", "tool", None),
        ("gen_ai.span.kind", "LLM", "chat"),
        ("gen_ai.span.kind", "EMBEDDING", "embeddings"),
        ("gen_ai.span.kind", "AGENT", None),
        ("genkit:metadata:subtype", "model", "chat"),
        ("genkit:metadata:subtype", "embedder", "embeddings"),
        ("genkit:metadata:subtype", "flow", None),
        ("ai.operationId", "ai.generateText.doGenerate", "chat"),
        ("ai.operationId", "ai.streamObject.doStream", "chat"),
        ("ai.operationId", "ai.embedMany.doEmbed", "embeddings"),
        ("ai.operationId", "ai.rerank.doRerank", "rerank"),
        ("ai.operationId", "ai.generateText", None),
        ("ai.operationId", "ai.toolCall", None),
        ("traceloop.span.kind", "workflow", None),
        ("traceloop.span.kind", "tool", None),
    ],
)
def test_what_a_span_says_it_is_decides_before_its_tokens_do(attribute, word, wanted):
    assert operation({attribute: word, **USED}) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("chat", "chat"),
        ("text_completion", "text_completion"),
        ("generate_content", "generate_content"),
        ("embeddings", "embeddings"),
        ("embedding", "embeddings"),
        ("acompletion", "chat"),
        ("aembedding", "embeddings"),
        ("anthropic_messages", "chat"),
        ("aresponses", "chat"),
        ("atext_completion", "text_completion"),
        ("rerank", "rerank"),
        ("chat.completions", "chat"),
        ("text.streaming_completions", "text_completion"),
        ("Chat", "chat"),
        ("embed", "embeddings"),
        ("openai.responses.create", "chat"),
        ("invoke_agent", None),
        ("execute_tool", None),
        ("agent_step", None),
        ("retrieval", None),
        ("framework", None),
    ],
)
def test_a_named_operation_decides_and_an_unknown_one_is_none(name, wanted):
    assert operation({"gen_ai.operation.name": name, **USED}) == wanted


@pytest.mark.parametrize("attribute", ["llm.request.type", "gen_ai.request.type"])
@pytest.mark.parametrize(
    ("word", "wanted"),
    [("chat", "chat"), ("completion", "chat"), ("embedding", "embeddings"), ("rerank", "rerank")],
)
def test_a_request_type_of_openllmetry_or_agentops_makes_a_call(attribute, word, wanted):
    assert operation({attribute: word}) == wanted


def test_litellm_without_its_texts_has_calls_where_they_have_tokens():
    failed = {"llm.request.type": "aembedding", "gen_ai.request.model": "m"}
    assert operation(failed, status={"code": 2}) is None
    assert operation({**failed, "gen_ai.usage.input_tokens": 3}) == "embeddings"


@pytest.mark.parametrize(
    ("attributes", "wanted"),
    [
        (USED, "chat"),
        ({**USED, "gen_ai.request.model": ""}, None),
        ({"gen_ai.request.model": "gpt-4o"}, None),
        ({"gen_ai.usage.input_tokens": 3}, None),
        ({"gen_ai.request.model": "m", "gen_ai.aggregated_usage.input_tokens": 3}, None),
        ({"llm.openai.model": "gpt-4o", "llm.openai.messages": "[]"}, None),
        ({"http.request.method": "POST", "url.path": "/v1/chat/completions"}, None),
        ({}, None),
    ],
)
def test_without_any_word_a_model_and_tokens_make_a_call(attributes, wanted):
    assert operation(attributes) == wanted


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({}, {"code": 2}),
        ({"error.type": "RateLimitError"}, {}),
        ({"gen_ai.response.id": "r"}, {}),
        ({"gen_ai.response.model": "gpt-4o-2024-08-06"}, {}),
        ({"gen_ai.output.messages": "[]"}, {}),
    ],
)
def test_so_do_a_model_and_a_failure_or_an_answer(attributes, status):
    assert operation({"gen_ai.request.model": "gpt-4o", **attributes}, status=status) == "chat"
    assert operation({"gen_ai.request.name": "gpt-4o", **attributes}, status=status) is None


def test_of_a_call_without_any_word_its_name_says_whether_it_embeds():
    assert operation(USED, name="openai.embeddings") == "embeddings"
    assert operation(USED, name="Embed texts") == "embeddings"


def test_llamaindexs_preparation_of_a_call_is_none():
    kind = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}
    assert operation(kind, name="OpenAI._prepare_chat_with_tools") is None
    assert operation(kind, name="OpenAI.chat") == "chat"


@pytest.mark.parametrize(
    ("name", "scope", "kind", "code", "wanted"),
    [
        ("chat gpt-4o", "openlit", CLIENT, 2, ("chat", "gpt-4o", "unknown")),
        ("embeddings ada 2", "openlit", CLIENT, 2, ("embeddings", "ada 2", "unknown")),
        ("call_llm", "gcp.vertex.agent", 1, 2, ("chat", "unknown", "unknown")),
        ("call_llm", "other", 1, 2, None),
        ("chat gpt-4o", "openlit", CLIENT, 0, None),
        ("chat gpt-4o", "openlit", 1, 2, None),
        ("chat", "openlit", CLIENT, 2, None),
        ("GET /", "openlit", CLIENT, 2, None),
    ],
)
def test_a_failed_call_without_attributes_is_told_by_its_name(name, scope, kind, code, wanted):
    trace = trace_of({}, name=name, scope=scope, kind=kind, status={"code": code})
    assert (trace and (trace.operation, trace.model, trace.provider)) == wanted


@pytest.mark.parametrize(
    ("name", "attributes", "wanted"),
    [
        ("claude_code.llm_request", {"span.type": "llm_request", "model": "opus"}, "chat"),
        ("claude_code.tool", {"span.type": "tool", "tool_name": "Bash"}, None),
        ("claude_code.interaction", {"span.type": "interaction"}, None),
        ("llm:generateText", {"span.type": "llm", "llm.model": "gpt-4o"}, "chat"),
        ("llm:generateText", {"span.type": "llm"}, None),
        ("tool.execution:f", {"span.type": "tool", "llm.model": "gpt-4o"}, None),
    ],
)
def test_of_claude_code_and_voltagent_requests_to_a_model_are_calls(name, attributes, wanted):
    assert operation(attributes, name=name) == wanted


@pytest.mark.parametrize("kind", ["pending_span", "log"])
def test_a_placeholder_or_a_line_of_logfires_log_is_no_call(kind):
    assert operation({"logfire.span_type": kind, **CHAT}) is None
    assert operation({"logfire.span_type": "span", **CHAT}) == "chat"


@pytest.mark.parametrize(
    ("kind", "name", "wanted"),
    [
        ("log", "chat", "turn_usage"),
        ("log", "invoke_agent", None),
        ("pending_span", "chat", None),
    ],
)
def test_a_line_of_logfires_log_tells_what_a_stream_used(kind, name, wanted):
    told = {**CHAT, "gen_ai.operation.name": name, "gen_ai.usage.input_tokens": 3}
    trace = trace_of({"logfire.span_type": kind, **told})
    assert (trace and trace.operation) == wanted
    assert trace is None or (trace.prompt_tokens, trace.latency_ms) == (3, None)


@pytest.mark.parametrize(
    ("name", "attributes", "wanted"),
    [
        ("openclaw.model.call", {"gen_ai.operation.name": "text_completion"}, "text_completion"),
        ("openclaw.model.call", {}, "chat"),
        ("openclaw.model.usage", {"gen_ai.operation.name": "chat"}, "turn_usage"),
        ("openclaw.run", USED, None),
        ("openclaw.tool.execution", {"gen_ai.operation.name": "execute_tool"}, None),
        ("chat gpt-4o", {"openclaw.api": "openai-responses", **CHAT}, "chat"),
        ("chat gpt-4o", {"openclaw.model_call.request_bytes": 9, **CHAT}, "chat"),
        ("message gpt-4o", CHAT, None),
        (
            "invoke_agent claude",
            {
                "openclaw.model_call.observation_unit": "turn",
                "gen_ai.operation.name": "invoke_agent",
            },
            "invoke_agent",
        ),
    ],
)
def test_of_openclaw_model_calls_count_and_what_a_turn_used(name, attributes, wanted):
    assert operation(attributes, scope="openclaw", name=name, kind=CLIENT) == wanted


def test_of_openclaw_only_what_asks_another_service_is_a_call():
    asked = {"openclaw.api": "openai-responses", **CHAT}
    assert operation(asked, scope="openclaw", name="chat gpt-4o", kind=1) is None


def test_a_word_of_another_type_is_no_word():
    assert operation({"openinference.span.kind": 3, "gen_ai.operation.name": ["chat"]}) is None
