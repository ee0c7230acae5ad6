"""What the providers and models of many senders are called in the table."""

import re
from collections.abc import Iterator

_SERVERS = (
    *("ollama", "vllm", "lmstudio", "llamacpp", "llamafile", "sglang", "localai", "xinference"),
    *("sagemaker", "gpt4all", "koboldcpp", "openllm", "lmdeploy", "textgenerationinference"),
    *("ramalama", "mlx", "triton", "localhost", "tgi"),
)
"""Programs that run a model on one's own machines, whatever it is called."""

_CLOUDS = (
    (frozenset(("azure", "az")), "azure"),
    (frozenset(("aws", "bedrock", "amazon")), "aws"),
    (frozenset(("gcp", "google", "vertex", "vertexai", "gemini")), "google"),
)
_HOSTS = frozenset(
    ("aws", "azure", "cerebras", "fireworks", "groq", "openrouter", "perplexity", "together")
)
"""Of `groq/llama-3.3-70b`: the names before a model that stand for who runs it, and never for who
made it, as in `openai/gpt-oss-120b` of a hub of models that anybody can run."""

DIALECTS = frozenset(("openai", "anthropic"))
"""Providers that a call may name for its API alone, whoever answers it."""

_SOLD = (
    ("openai", re.compile(r"gpt-(?!oss)|chatgpt-|o[134](?![a-z0-9])|text-embedding-(3|ada)")),
    ("anthropic", re.compile(r"claude-")),
    ("google", re.compile(r"gemini-")),
    ("x-ai", re.compile(r"grok-")),
    ("mistral", re.compile(r"[a-z-]+-latest$")),
    ("deepseek", re.compile(r"deepseek-(chat|reasoner)$")),
)
"""Names that only their maker sells, or others at the maker's price."""


def is_own_server(name: str) -> bool:
    """Whether the provider's or the model's name says that no provider is paid."""
    squashed = re.sub(r"[^a-z0-9]", "", name.lower())
    return any(server in squashed for server in _SERVERS)


def providers(name: str) -> Iterator[str]:
    """What the table may call a provider."""
    name = name.lower().strip()
    words = set(re.split(r"[^a-z0-9]+", name))
    yield from (cloud for names, cloud in _CLOUDS if words & names)
    yield name
    squashed = re.sub(r"[^a-z0-9]", "", name)
    yield squashed
    yield squashed.removesuffix("ai")


def models(name: str) -> Iterator[str]:
    """What the table may call a model: also without what stands before it, `a/b/` or `a/`."""
    yield name
    if "/" in name:
        yield name.partition("/")[2]
        yield name.rpartition("/")[2]


def host(model: str) -> tuple[str, str] | None:
    """The provider before a model's name, and the rest, where it says who runs the model."""
    before, _, rest = model.partition("/")
    found = next((one for one in providers(before) if one in _HOSTS), None) if rest else None
    return (found, rest) if found else None


def maker(model: str) -> tuple[str, str] | None:
    """Who sells a model of this name, and its bare name, where nobody else does."""
    bare = model.rpartition("/")[2].lower()
    found = next((one for one, names in _SOLD if names.match(bare)), None)
    return (found, bare) if found else None
