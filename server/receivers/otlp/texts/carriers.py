"""The attributes that hold texts. A new convention is a line in each of two tables.

A name that ends in a dot is a family: the beginning of the names of a list's members.
"""

INSTRUCTIONS = ("gen_ai.system_instructions", "openclaw.content.system_prompt")
"""Where a system's message is when it is not among the others."""

REQUEST = "input.value"
"""OpenInference's whole request, in which its users look for more than the words."""

INPUTS = (  # in order of precedence
    "gen_ai.input.messages",  # OpenTelemetry, OpenLLMetry, LiteLLM, pydantic-ai, Vercel from 7 on
    "openclaw.content.input_messages",
    "ai.prompt.messages",  # Vercel up to 6
    "gen_ai.prompt.",  # OpenLLMetry up to 0.4x
    "llm.input_messages.",  # OpenInference
    "gen_ai.input.messages.",  # traceAI
    "llm.prompts.",  # its text completions; OpenLLMetry up to 0.1x
    "embedding.embeddings.",  # OpenInference
    "ai.values",  # Vercel, to embed
    "ai.value",
    "ai.prompt",
    "gen_ai.prompt",  # OpenTelemetry up to 1.27, Spring AI, LangSmith
    "gen_ai.content.prompt",  # OpenLIT
    "llm.prompts",  # Langtrace
    "llm.messages",  # VoltAgent
    "gcp.vertex.agent.llm_request",  # Google ADK
    "langfuse.observation.input",
    "mlflow.spanInputs",
    "genkit:input",
    "input",  # logfire, of OpenAI's agents, whose request_data has the answer too
    "request_data",  # logfire
    REQUEST,
    "langwatch.input",
    "inputs",  # pydantic-ai, to embed
    "traceloop.entity.input",
)
OUTPUTS = (
    "gen_ai.output.messages",
    "openclaw.content.output_messages",
    "gen_ai.completion.",
    "llm.output_messages.",
    "gen_ai.output.messages.",
    "llm.choices.",
    "llm.completions.",
    "gen_ai.completion",
    "gen_ai.content.completion",
    "llm.responses",
    "gcp.vertex.agent.llm_response",
    "langfuse.observation.output",
    "mlflow.spanOutputs",
    "genkit:output",
    "response_data",
    "output.value",
    "langwatch.output",
    "output",
    "traceloop.entity.output",
)
WORDS = (  # of an answer of Vercel up to 6, whose tool calls are another attribute
    "ai.response.text",
    "ai.result.text",
    "ai.response.object",
    "ai.result.object",
    "ai.response.reasoning",
)
TOOL_CALLS = ("ai.response.toolCalls", "ai.result.toolCalls")
EVENTS = frozenset(("events", "all_messages_events"))
"""Lists of events that pydantic-ai and logfire put into an attribute."""

_NAMES = (*INSTRUCTIONS, *INPUTS, *OUTPUTS, *WORDS, *TOOL_CALLS, *EVENTS)

CARRIERS = frozenset(name for name in _NAMES if not name.endswith("."))
"""Attributes that hold texts: those of a call are not kept in its metadata."""
FAMILIES = tuple(name for name in _NAMES if name.endswith("."))
"""How the names of attributes begin that together hold texts, one a message or part of one."""
