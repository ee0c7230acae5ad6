"""What the attributes of a model call mean: one table, in order of precedence.

A new convention is a line for each attribute that it has a name of its own for. Of a member's
lines the first counts whose attribute is there and can be read. An attribute whose line counted,
or says the same, is told; every other one stays in the metadata under its own name.
"""

from collections.abc import Mapping

from ...lenient import count, ident, milliseconds, seconds
from .lines import Line, by_attribute, part
from .readers import (
    Reader,
    behind,
    embedding_usage,
    family,
    flag,
    inside,
    known,
    nothing,
    of_request,
    positive,
    price,
    provider,
    quoted,
    reasons,
    vendor,
    wait,
    within,
)


def _asked(read: Reader, attribute: str = "llm.invocation_parameters") -> Line:
    return part(attribute, of_request(read, "model", "model_name"))


def _counted(attribute: str, *members: str, read: Reader = count) -> tuple[Line, ...]:
    return tuple(part(attribute, inside(member, read)) for member in members)


def _genkit(member: str, outer: str = "usage") -> Line:
    return part("genkit:output", within(outer, member))


_LITELLM = "metadata.usage_object"
_LANGFUSE = "langfuse.observation.usage_details"
_LANGSMITH = "langsmith.metadata.usage_metadata"
_MLFLOW = "mlflow.chat.tokenUsage"
_VERCEL = "ai.response.providerMetadata"  # where Vercel up to 5 leaves what it has no name for

COLUMNS: Mapping[str, tuple[Line, ...]] = {
    "provider": (
        Line("langsmith.metadata.ls_provider", provider),
        Line("gen_ai.provider.name", provider),
        Line("ai.model.provider", family),
        Line("gen_ai.system", provider),
        Line("llm.provider", provider),
        Line("llm.system", provider),
        Line("mlflow.llm.provider", provider),
        Line("mlflow.message.format", provider),
        Line("openclaw.provider", provider),
        part("metadata", inside("ls_provider", provider)),  # LangChain's, as the next two
        Line("langfuse.observation.metadata.ls_provider", provider),
        Line("traceloop.association.properties.ls_provider", provider),
        part("genkit:name", vendor),
        part("llm.model", vendor),
        part("litellm.provider.model", vendor),
        part("llm.model_name", vendor),
        _asked(vendor, "embedding.invocation_parameters"),
    ),
    "model": (
        _asked(quoted),
        _asked(quoted, "embedding.invocation_parameters"),
        _asked(quoted, "gen_ai.request.parameters"),
        Line("llm.request.model_name", quoted),
        Line("gen_ai.request.model", quoted),
        Line("ai.model.id", quoted),
        Line("langfuse.observation.metadata.ls_model_name", quoted),
        Line("langfuse.observation.model.name", quoted),  # of an answer, once there is one
        Line("model", quoted),
        Line("mlflow.llm.model", quoted),
        Line("openclaw.model", quoted),
        Line("gen_ai.model_name", quoted),
        Line("llm.model", quoted),  # VoltAgent
        Line("genkit:name", behind),
    ),
    "prompt_tokens": (
        Line("gen_ai.usage.input_tokens", count),
        Line("gen_ai.usage.prompt_tokens", count),
        Line("llm.token_count.prompt", count),
        Line("ai.usage.inputTokens", count),
        Line("ai.usage.promptTokens", count),
        Line("ai.usage.tokens", count),
        Line("llm.usage.prompt_tokens", count),
        Line("gen_ai.response.prompt_tokens", count),
        *_counted(_LANGFUSE, "input", "input_tokens", "prompt_tokens"),
        *_counted(_MLFLOW, "input_tokens"),
        part("mlflow.spanOutputs", embedding_usage),
        part("output.value", embedding_usage),
        Line("openclaw.tokens.input", count),
        _genkit("inputTokens"),
        Line("input_tokens", count),  # Claude Code, as the others of one word
    ),
    "completion_tokens": (
        Line("gen_ai.usage.output_tokens", count),
        Line("gen_ai.usage.completion_tokens", count),
        Line("llm.token_count.completion", count),
        Line("ai.usage.outputTokens", count),
        Line("ai.usage.completionTokens", count),
        Line("llm.usage.completion_tokens", count),
        Line("gen_ai.response.completion_tokens", count),
        *_counted(_LANGFUSE, "output", "output_tokens", "completion_tokens"),
        *_counted(_MLFLOW, "output_tokens"),
        Line("openclaw.tokens.output", count),
        _genkit("outputTokens"),
        Line("output_tokens", count),
    ),
    "total_tokens": (
        Line("gen_ai.usage.total_tokens", count),
        Line("llm.usage.total_tokens", count),
        Line("llm.token_count.total", count),
        Line("ai.usage.totalTokens", count),
        *_counted(_LANGFUSE, "total", "total_tokens"),
        *_counted(_MLFLOW, "total_tokens"),
        Line("openclaw.tokens.total", count),
        _genkit("totalTokens"),
    ),
    "cache_read_tokens": (
        Line("gen_ai.usage.cache_read.input_tokens", count),
        Line("gen_ai.usage.cache_read_input_tokens", count),
        Line("llm.token_count.prompt_details.cache_read", count),
        Line("ai.usage.cachedInputTokens", count),
        Line("ai.usage.inputTokenDetails.cacheReadTokens", count),
        Line("gen_ai.usage.cache_read_tokens", count),
        Line("gen_ai.usage.cached_tokens", count),
        Line("openclaw.tokens.cache_read", count),
        Line("gen_ai.usage.details.cache_read_tokens", count),
        Line("gen_ai.usage.details.cached_tokens", count),
        *_counted("gen_ai.usage.input_token_details", "cache_read"),
        *_counted(_LANGSMITH, "cache_read"),
        *_counted("gen_ai.usage.raw", "cached_tokens"),
        *_counted("usage", "cached_tokens", "cached_input_tokens"),
        *_counted(_LANGFUSE, "input_cached_tokens", "input_cache_read", "cache_read_input_tokens"),
        *_counted(_LANGFUSE, "cached_tokens"),
        *_counted(_MLFLOW, "cache_read_input_tokens"),
        *_counted(_LITELLM, "cached_tokens", "cache_read_input_tokens", read=positive),
        Line("gen_ai.usage.prompt_token_details.cached_read_tokens", count),  # Bifrost, as the next
        Line("gen_ai.usage.input_token_details.cached_read_tokens", count),
        *_counted(_VERCEL, "cachedPromptTokens", "cacheReadInputTokens", "cache_read_input_tokens"),
        Line("llm.usage.cached_tokens", count),
        _genkit("cachedContentTokens"),
        _genkit("cached_tokens", "prompt_tokens_details"),
        Line("cache_read_tokens", count),
    ),
    "cache_write_tokens": (
        Line("gen_ai.usage.cache_creation.input_tokens", count),
        Line("gen_ai.usage.cache_creation_input_tokens", count),
        Line("gen_ai.usage.cache_write.input_tokens", count),
        Line("gen_ai.usage.cache_write_input_tokens", count),
        Line("llm.token_count.prompt_details.cache_write", count),
        Line("ai.usage.inputTokenDetails.cacheWriteTokens", count),
        Line("gen_ai.usage.cache_creation_tokens", count),
        Line("openclaw.tokens.cache_write", count),
        Line("gen_ai.usage.details.cache_write_tokens", count),
        *_counted("gen_ai.usage.input_token_details", "cache_creation"),
        *_counted(_LANGSMITH, "cache_creation"),
        *_counted(_LANGFUSE, "input_cache_creation", "cache_creation_input_tokens"),
        *_counted(_MLFLOW, "cache_creation_input_tokens"),
        *_counted(_LITELLM, "cache_creation_input_tokens", "cache_creation_tokens", read=positive),
        *_counted(_VERCEL, "cacheCreationInputTokens", "cache_creation_input_tokens"),
        Line("cache_creation_tokens", count),
    ),
    "reasoning_tokens": (
        Line("gen_ai.usage.reasoning.output_tokens", count),
        Line("gen_ai.usage.reasoning_tokens", count),
        Line("llm.usage.reasoning_tokens", count),
        Line("llm.token_count.completion_details.reasoning", count),
        Line("ai.usage.reasoningTokens", count),
        Line("ai.usage.outputTokenDetails.reasoningTokens", count),
        Line("gen_ai.usage.details.reasoning_tokens", count),
        *_counted("gen_ai.usage.output_token_details", "reasoning"),
        *_counted(_LANGSMITH, "reasoning"),
        *_counted("gen_ai.usage.raw", "reasoning_tokens"),
        *_counted("usage", "reasoning_tokens"),
        *_counted("langwatch.metrics", "reasoning_tokens"),
        *_counted(_LANGFUSE, "output_reasoning_tokens", "output_reasoning", "reasoning_tokens"),
        *_counted(_LITELLM, "reasoning_tokens", read=positive),
        Line("gen_ai.usage.completion_token_details.reasoning_tokens", count),
        Line("gen_ai.usage.output_token_details.reasoning_tokens", count),
        *_counted(_VERCEL, "reasoningTokens"),
        _genkit("thoughtsTokens"),
        _genkit("reasoning_tokens", "completion_tokens_details"),
    ),
    "cost_usd": (
        part("litellm.cache_hit", nothing),
        Line("gen_ai.cost.total_cost", price),
        Line("llm.cost.total", price),
        Line("operation.cost", price),
        Line("gen_ai.usage.cost", price),
        Line("gen_ai.usage.total_cost", price),
        *_counted("langfuse.observation.cost_details", "total", read=price),
        *_counted("mlflow.llm.cost", "total_cost", read=price),
        *_counted("langwatch.metrics", "cost", read=price),
    ),
    "time_to_first_token_ms": (
        Line("gen_ai.response.time_to_first_chunk", seconds),
        Line("gen_ai.client.operation.time_to_first_chunk", seconds),
        Line("ai.response.msToFirstChunk", milliseconds),
        Line("openclaw.model_call.time_to_first_byte_ms", milliseconds),
        Line("gen_ai.server.time_to_first_token", wait),
        Line("gen_ai.latency.time_to_first_token", seconds),
        Line("ttft_ms", milliseconds),
    ),
    "session_id": (
        Line("gen_ai.conversation.id", ident),
        Line("session.id", ident),
        Line("langfuse.session.id", ident),
        Line("traceloop.association.properties.session_id", ident),
        Line("lmnr.association.properties.session_id", ident),
        Line("ai.telemetry.metadata.sessionId", ident),
        part("metadata.requester_metadata", inside("session_id", ident)),
        Line("gen_ai.session.id", ident),
        Line("mastra.metadata.sessionId", ident),
        Line("langsmith.metadata.session_id", ident),
        Line("langsmith.metadata.thread_id", ident),
        Line("gcp.vertex.agent.session_id", ident),
        Line("conversation.id", ident),  # VoltAgent
    ),
    "agent": (
        Line("gen_ai.agent.name", quoted),
        Line("traceloop.entity.path", quoted),
        Line("traceloop.workflow.name", quoted),
        Line("openclaw.agent", quoted),
    ),
}
METADATA: Mapping[str, tuple[Line, ...]] = {
    "response_model": (
        Line("gen_ai.response.model", known),
        Line("ai.response.model", quoted),
        Line("llm.response.model_name", quoted),
    ),
    "response_id": (
        Line("gen_ai.response.id", ident),
        Line("ai.response.id", ident),
    ),
    "finish_reasons": (
        Line("gen_ai.response.finish_reasons", reasons),
        Line("gen_ai.response.finish_reason", reasons),
        Line("ai.response.finishReason", reasons),
        Line("llm.finish_reason", reasons),
        Line("gen_ai.completion.0.finish_reason", reasons),
        Line("anthropic.message.stop_reason", reasons),
    ),
    "user_id": (
        Line("user.id", ident),
        Line("enduser.id", ident),
        Line("traceloop.association.properties.user_id", ident),
        Line("lmnr.association.properties.user_id", ident),
        Line("ai.telemetry.metadata.userId", ident),
        Line("llm.user", ident),
        Line("gen_ai.user", ident),
        Line("langfuse.user.id", ident),
        Line("metadata.user_api_key_end_user_id", ident),
        Line("gen_ai.user.id", ident),
        Line("mastra.metadata.userId", ident),
    ),
    "stream": (
        Line("gen_ai.request.stream", flag),
        Line("gen_ai.request.is_stream", flag),
        Line("gen_ai.request.streaming", flag),
        Line("gen_ai.is_streaming", flag),
        Line("llm.is_streaming", flag),
    ),
    "environment": (Line("langfuse.environment", quoted), Line("gen_ai.environment", quoted)),
    "litellm_call_id": (Line("litellm.call_id", ident),),
    "model_group": (Line("litellm.model_group", quoted),),
    "user_api_key_alias": (Line("metadata.user_api_key_alias", quoted),),
    "user_api_key_team_alias": (Line("metadata.user_api_key_team_alias", quoted),),
    "user_api_key_user_id": (Line("metadata.user_api_key_user_id", ident),),
}
EITHER_MODEL = "either_model"
"""OpenInference names the requested model until there is an answer, and then the answering one."""
_EITHER = (Line("llm.model_name", quoted), Line("embedding.model_name", quoted))
RESOURCE = (
    ("service_name", "service.name"),
    ("environment", "deployment.environment.name"),
    ("environment", "deployment.environment"),
)
"""Members of the metadata that the resource names."""


USES = by_attribute({**COLUMNS, EITHER_MODEL: _EITHER}, METADATA)
"""All of the table, by attribute: what is for columns, and what for the metadata."""
