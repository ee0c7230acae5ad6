"""Which spans are a model call, and what it did.

What says most decides. A span that calls itself by an unknown word is no call, even when it
carries a model and tokens: agents and workflows repeat those of their calls.
"""

from collections.abc import Mapping

from ....events import TURN_USAGE
from ...call_types import CALL_TYPES
from ..records import CLIENT, FAILED, Attributes, Span

_NO = ""
"""In the place of an operation: no call."""

_KINDS: tuple[tuple[str, Mapping[str, str], str | None], ...] = (
    ("logfire.span_type", {"pending_span": _NO, "log": _NO}, None),  # not ended, or a line of a log
    ("openinference.span.kind", {"llm": "chat", "embedding": "embeddings"}, _NO),
    ("langfuse.observation.type", {"generation": "chat", "embedding": "embeddings"}, _NO),
    ("mlflow.spanType", {"chat_model": "chat", "llm": "chat", "embedding": "embeddings"}, _NO),
    ("gen_ai.span.kind", {"llm": "chat", "embedding": "embeddings"}, _NO),  # traceAI
    ("langsmith.span.kind", {"llm": "chat", "embedding": "embeddings"}, _NO),
    ("genkit:metadata:subtype", {"model": "chat", "embedder": "embeddings"}, _NO),
    (  # Vercel up to 6, whose outer span, `ai.generateText`, repeats the tokens of `.doGenerate`
        "ai.operationId",
        {"dogenerate": "chat", "dostream": "chat", "doembed": "embeddings", "dorerank": "rerank"},
        _NO,
    ),
    ("traceloop.span.kind", dict.fromkeys(("workflow", "task", "agent", "tool"), _NO), None),
)
"""Attributes that say what a span is, in order of precedence: the operations of what may stand
last in them, and that of every other word, None where it says nothing."""
_OPERATIONS: Mapping[str, str] = {
    "chat": "chat",
    "text_completion": "text_completion",
    "generate_content": "generate_content",
    "embeddings": "embeddings",
    "rerank": "rerank",
    **CALL_TYPES,
    "chat.completions": "chat",  # this and the next three: Semantic Kernel
    "chat.streaming_completions": "chat",
    "text.completions": "text_completion",
    "text.streaming_completions": "text_completion",
    "embed": "embeddings",  # this and the next: Langtrace
    "openai.responses.create": "chat",
}
_NAMING = (*(attribute for attribute, _, _ in _KINDS), "gen_ai.operation.name")
_ACTORS = frozenset(("tool", "agent", "toolcall", "execute_tool", "invoke_agent"))
_UNIT = "openclaw.model_call.observation_unit"
_REQUEST_TYPES = frozenset(("chat", "completion", "embedding", "rerank"))
_ANSWERED = frozenset(("gen_ai.response.id", "gen_ai.response.model", "gen_ai.output.messages"))


def operation(span: Span) -> str | None:
    """`chat`, `text_completion`, `embeddings`, ... ; None where the span is no model call."""
    found = _kind(span.attributes)
    if found is None:
        found = _openclaw(span)
    if found is None:
        found = _named(span)
    if found == "chat" and "._prepare_" in span.name:  # of LlamaIndex: it prepares one
        return None
    return found or (TURN_USAGE if _is_sum_of_stream(span.attributes) else None)


def is_sum(span: Span) -> bool:
    """Whether it adds up the calls of its trace, as OpenClaw's turns do."""
    return span.name == "openclaw.model.usage"


def is_openclaw(span: Span) -> bool:
    """Whether OpenClaw says it."""
    named = span.scope == "openclaw" or span.name.startswith("openclaw.")
    return named or bool(_word(span.attributes, _UNIT))


def is_actor(span: Span) -> bool:
    """Whether it is a tool or an agent, as far as it says so: what it calls it calls itself."""
    said = span.attributes
    found = (_word(said, name).rpartition(".")[2] for name in _NAMING if name in said)
    return not _ACTORS.isdisjoint(found)


def model_of_name(span: Span) -> str | None:
    """The model in the name of a span without attributes, which is `{operation} {model}`."""
    operation, _, model = span.name.partition(" ")
    is_named = span.kind == CLIENT and not span.attributes and operation in _OPERATIONS
    return model.strip() or None if is_named else None


def _kind(attributes: Attributes) -> str | None:
    """The operation, _NO, or None where no attribute says what the span is."""
    for attribute, words, others in _KINDS:
        if attribute in attributes and (word := _word(attributes, attribute)):
            found = words.get(word.rpartition(".")[2], others)
            if found is not None:
                return found
    return None


def _is_sum_of_stream(attributes: Attributes) -> bool:
    """Whether it is logfire's line on a stream, whose call ended before its tokens were known."""
    return (
        _word(attributes, "logfire.span_type") == "log"
        and _word(attributes, "gen_ai.operation.name") in _OPERATIONS
        and has_usage(attributes)
    )


def _openclaw(span: Span) -> str | None:
    if not is_openclaw(span):
        return None
    unit = _word(span.attributes, _UNIT)
    if is_sum(span):
        return TURN_USAGE
    if not unit and span.name != "openclaw.model.call" and not _is_newer_openclaw(span):
        return _NO
    word = _word(span.attributes, "gen_ai.operation.name")
    if unit == "turn":  # of an agent's command line, whose calls nobody sees
        return word or "invoke_agent"
    return _OPERATIONS.get(word, "chat")


def _is_newer_openclaw(span: Span) -> bool:
    """Whether it is a call named `{operation} {model}`."""
    return span.kind == CLIENT and any(
        name == "openclaw.api" or name.startswith("openclaw.model_call.")
        for name in span.attributes
    )


def _named(span: Span) -> str:
    """By the name of the operation, else of the request (OpenLLMetry up to 0.4x), else by tokens.

    LiteLLM has other words for a request: its spans must show tokens too.
    """
    said = span.attributes
    if word := _word(said, "gen_ai.operation.name"):
        return _OPERATIONS.get(word, _NO)
    if not said:
        return _untold(span)
    if _is_request(span):
        return "chat"
    word = _word(said, "llm.request.type") or _word(said, "gen_ai.request.type")
    if word in _REQUEST_TYPES or (said.get("gen_ai.request.model") and _is_measured(span)):
        return _OPERATIONS.get(word, "embeddings" if "embed" in span.name.lower() else "chat")
    return _NO


def _is_request(span: Span) -> bool:
    """Whether it is one in the words of Claude Code, or of VoltAgent."""
    is_llm = "llm.model" in span.attributes and _word(span.attributes, "span.type") == "llm"
    return is_llm or span.name == "claude_code.llm_request"


def _is_measured(span: Span) -> bool:
    """Whether it tells of tokens, an answer or a failure. LiteLLM's failures have a second span."""
    said = span.attributes
    if has_usage(said):
        return True
    has_end = span.status_code == FAILED or "error.type" in said or not _ANSWERED.isdisjoint(said)
    return has_end and "llm.request.type" not in said


def has_usage(attributes: Attributes) -> bool:
    """Whether tokens are told in the words of the GenAI conventions."""
    return any(name.startswith("gen_ai.usage.") for name in attributes)


def _untold(span: Span) -> str:
    """A call that failed before its attributes were set: only its name is left."""
    if span.status_code != FAILED:
        return _NO
    if span.scope == "gcp.vertex.agent" and span.name == "call_llm":  # Google ADK up to 1.5
        return "chat"
    return _OPERATIONS[span.name.partition(" ")[0]] if model_of_name(span) else _NO


def _word(attributes: Attributes, attribute: str) -> str:
    """A word in lower case, also where it is written as JSON; empty where there is none."""
    value = attributes.get(attribute)
    return value.strip('" ').lower() if isinstance(value, str) else ""
