"""Spans of further senders, as their documentation shows them."""

import json

import pytest

from .otlp import trace_of

WANTED = ("provider", "model", "operation", "prompt_tokens", "completion_tokens", "cost_usd")
SENDERS = {
    "openlit": (
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.model": "gpt-4o-2024-08-06",
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.total_tokens": 15,
            "gen_ai.usage.cost": 0.0125,
        },
        ("openai", "gpt-4o", "chat", 10, 5, 0.0125),
    ),
    "langfuse": (
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o",
            "langfuse.observation.usage_details": '{"input":10,"output":5,"total":15}',
            "langfuse.observation.cost_details": '{"total":0.0125}',
        },
        ("unknown", "gpt-4o", "chat", 10, 5, 0.0125),
    ),
    "mlflow": (
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.llm.model": '"gpt-4o"',
            "mlflow.llm.provider": '"openai"',
            "mlflow.chat.tokenUsage": '{"input_tokens": 10, "output_tokens": 5}',
        },
        ("openai", "gpt-4o", "chat", 10, 5, None),
    ),
    "semantic kernel": (
        {
            "gen_ai.operation.name": "chat.completions",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.response.prompt_tokens": 10,
            "gen_ai.response.completion_tokens": 5,
        },
        ("openai", "gpt-4o", "chat", 10, 5, None),
    ),
    "spring ai": (
        {
            "gen_ai.operation.name": "embedding",
            "gen_ai.system": "openai",
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.usage.input_tokens": "10",
            "gen_ai.usage.total_tokens": "10",
        },
        ("openai", "text-embedding-3-small", "embeddings", 10, None, None),
    ),
    "strands": (
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "strands-agents",
            "gen_ai.request.model": "us.anthropic.claude-sonnet-4",
            "gen_ai.usage.prompt_tokens": 10,
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.completion_tokens": 5,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.total_tokens": 115,
            "gen_ai.usage.cache_read_input_tokens": 100,
            "gen_ai.usage.cache_write_input_tokens": 0,
        },
        ("strands-agents", "us.anthropic.claude-sonnet-4", "chat", 110, 5, None),
    ),
    "google adk": (
        {
            "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "gemini-2.0-flash",
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 5,
        },
        ("gcp.vertex.agent", "gemini-2.0-flash", "chat", 10, 5, None),
    ),
    "langchain through openinference": (
        {
            "openinference.span.kind": "LLM",
            "llm.invocation_parameters": '{"model": "gpt-4o", "_type": "openai-chat"}',
            "llm.model_name": "gpt-4o-2024-08-06",
            "llm.provider": "openai",
            "llm.token_count.prompt": 10,
            "llm.token_count.completion": 5,
        },
        ("openai", "gpt-4o", "chat", 10, 5, None),
    ),
    "bedrock": (
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "aws.bedrock",
            "gen_ai.request.model": "amazon.titan-text-express-v1",
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 5,
        },
        ("aws.bedrock", "amazon.titan-text-express-v1", "chat", 10, 5, None),
    ),
    "claude code": (
        {
            "span.type": "llm_request",
            "model": "claude-opus-5",
            "gen_ai.system": "anthropic",
            "gen_ai.request.model": "claude-opus-5",
            "gen_ai.response.id": "msg_1",
            "input_tokens": 10,
            "output_tokens": 5,
            "cache_read_tokens": 1000,
            "cache_creation_tokens": 100,
            "ttft_ms": 900,
        },
        ("anthropic", "claude-opus-5", "chat", 1110, 5, None),
    ),
    "genkit": (
        {
            "genkit:type": "action",
            "genkit:metadata:subtype": "model",
            "genkit:name": "openai/gpt-4o-mini",
            "genkit:output": '{"usage":{"inputTokens":10,"outputTokens":5,"totalTokens":15}}',
        },
        ("openai", "gpt-4o-mini", "chat", 10, 5, None),
    ),
    "voltagent": (
        {
            "span.type": "llm",
            "llm.operation": "generateText",
            "llm.model": "gpt-4o-mini",
            "llm.usage.prompt_tokens": 10,
            "llm.usage.completion_tokens": 5,
            "llm.usage.total_tokens": 15,
        },
        ("unknown", "gpt-4o-mini", "chat", 10, 5, None),
    ),
    "dify": (
        {
            "gen_ai.span.kind": "LLM",
            "gen_ai.system": "openai",
            "gen_ai.model_name": "gpt-4o",
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 5,
        },
        ("openai", "gpt-4o", "chat", 10, 5, None),
    ),
}


@pytest.mark.parametrize("sender", SENDERS)
def test_a_further_sender_gives_its_columns(sender):
    attributes, wanted = SENDERS[sender]
    trace = trace_of(attributes)
    assert tuple(getattr(trace, name) for name in WANTED) == wanted


def test_genkits_usage_stands_anywhere_in_its_answer():
    answer = {
        "message": {"content": [{"text": 'say "usage": {"inputTokens": 3} ' * 500}]},
        "usage": {"inputTokens": 217, "outputTokens": 9, "thoughtsTokens": 5, "totalTokens": 231}
        | {"cachedContentTokens": 20},
    }
    trace = trace_of({"genkit:metadata:subtype": "model", "genkit:output": json.dumps(answer)})
    assert (trace.prompt_tokens, trace.completion_tokens, trace.total_tokens) == (217, 14, 231)
    assert (trace.cache_read_tokens, trace.reasoning_tokens) == (20, 5)


def test_genkit_hands_on_openais_parts():
    raw = (
        '{"usage":{"inputTokens":275,"outputTokens":22},"raw":{"usage":{"prompt_tokens":275,'
        '"prompt_tokens_details":{"cached_tokens":64},'
        '"completion_tokens_details":{"reasoning_tokens":8}}}}'
    )
    trace = trace_of({"genkit:metadata:subtype": "model", "genkit:output": raw})
    assert (trace.cache_read_tokens, trace.reasoning_tokens) == (64, 8)


def test_voltagent_tells_what_was_cached():
    told = {"span.type": "llm", "llm.model": "openai/gpt-4o", "llm.usage.cached_tokens": 64}
    trace = trace_of({**told, "llm.usage.prompt_tokens": 340, "conversation.id": "c"})
    assert (trace.prompt_tokens, trace.cache_read_tokens, trace.provider) == (340, 64, "openai")
    assert trace.session_id == "c"
