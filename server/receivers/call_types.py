"""What a call did, in the words of gen_ai.operation.name, by LiteLLM's word for it."""

from collections.abc import Mapping

CALL_TYPES: Mapping[str, str] = {
    "completion": "chat",
    "acompletion": "chat",
    "anthropic_messages": "chat",
    "responses": "chat",
    "aresponses": "chat",
    "atext_completion": "text_completion",
    "embedding": "embeddings",
    "aembedding": "embeddings",
    "agenerate_content": "generate_content",
    "generate_content_stream": "generate_content",
    "agenerate_content_stream": "generate_content",
    "arerank": "rerank",
}
