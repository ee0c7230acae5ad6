"""The exceptions of an event, and what kind of failure their mechanisms make it."""

from collections.abc import Iterator, Sequence

from ..lenient import mapping, name
from .shapes import Event, Raised

MOST = 50
"""Most exceptions of a chain that are looked at: the last ones. An SDK sends up to 25."""

_LLM = frozenset(  # as integrations of sentry-python name their mechanism
    (
        *("anthropic", "cohere", "google_genai", "huggingface_hub", "langchain", "langgraph"),
        *("litellm", "mcp", "openai", "openai_agents", "pydantic_ai"),
    )
)
_JAVASCRIPT_LLM = "auto.ai."
"""How all those of sentry-javascript begin: `auto.ai.anthropic.stream_error`."""

_ONE_PROVIDER = frozenset(("anthropic", "cohere", "openai"))
"""Integrations of the client of one provider."""


def raised_in(event: Event) -> list[Raised]:
    """From the cause to the last effect."""
    return _values(event.get("exception"))[-MOST:]


def sent_from(event: Event) -> Sequence[Raised]:
    """Where a message was sent from, in the shape of an exception without a type."""
    threads = _values(event.get("threads"))
    shown = [one for one in threads if one.get("crashed") or one.get("current")]
    found = [mapping(one.get("stacktrace")) for one in (event, *shown)]
    return [{"stacktrace": one} for one in found if one][:1]


def error_type(raised: Sequence[Raised], severity: str) -> str:
    """A failed call to a model also counts as that where nobody handled it."""
    if any(one in _LLM or one.startswith(_JAVASCRIPT_LLM) for one in _mechanisms(raised)):
        return "llm_error"
    handled = [mapping(one.get("mechanism")).get("handled") for one in raised]
    return (
        "crash" if severity == "fatal" or any(one is False for one in handled) else "system_error"
    )


def provider(raised: Sequence[Raised]) -> str | None:
    """Whose client raised it, where that is known."""
    clients = (one.removeprefix(_JAVASCRIPT_LLM).partition(".")[0] for one in _mechanisms(raised))
    return next((client for client in clients if client in _ONE_PROVIDER), None)


def _mechanisms(raised: Sequence[Raised]) -> Iterator[str]:
    return (name(mapping(one.get("mechanism")).get("type")) or "" for one in raised)


def _values(found: object) -> list[Raised]:
    """A list, in an object or not, or the only one of it."""
    listed = mapping(found).get("values", found)
    values = listed if isinstance(listed, list) else [listed]
    return [one for one in values if isinstance(one, dict) and one]
