"""How the value of an attribute is read: numbers also from strings, None for what is unfit."""

import re
from collections.abc import Callable
from typing import Any

import orjson

from ...lenient import amount, count, mapping, milliseconds, name, seconds, truth

Reader = Callable[[Any], Any]

_MAX_REASONS = 16
_ENOUGH = 4096  # characters of an object that are searched
_MAX_JSON = 2**16  # characters that are parsed for a name
_END = 256  # characters: behind the vectors
_USAGE = re.compile(r'"usage": ?\{[^{}]*"prompt_tokens": ?(\d+)[^{}]*\}\}{1,3}\Z')
_YES_OR_NO = {"true": True, "false": False}
_APIS = frozenset(
    ("chat", "responses", "messages", "completion", "embedding", "textembedding", "generative-ai")
) | {"image", "speech", "transcription", "reranking"}
"""What Vercel puts behind a provider's name, a dot between them."""


def provider(value: object) -> str | None:
    """A provider's name in lower case, without the API that Vercel and Mastra put behind it."""
    found = (quoted(value) or "").lower()
    before, _, api = found.rpartition(".")
    return (before if before and api in _APIS else found) or None


def family(value: object) -> str | None:
    """The provider in Vercel's `openai.chat`."""
    return provider(value.partition(".")[0]) if isinstance(value, str) else None


def vendor(value: object) -> str | None:
    """The provider before a model's name: `openai/gpt-4o`."""
    before, slash, _ = value.partition("/") if isinstance(value, str) else ("", "", "")
    return provider(before) if slash else None


def behind(value: object) -> str | None:
    """The model's name behind a provider's: `openai/gpt-4o`."""
    before, slash, model = value.partition("/") if isinstance(value, str) else ("", "", "")
    return quoted(model if slash else before)


def quoted(value: object) -> str | None:
    """A name, also where it is written as JSON."""
    return name(value.strip().strip('"')) if isinstance(value, str) else None


def known(value: object) -> str | None:
    """A name; Spring AI's of what it was not told is `none`."""
    found = quoted(value)
    return None if found == "none" else found


def price(value: object) -> float | None:
    """A cost. 0.0 stands for a model without a price."""
    return amount(value) or None


def nothing(value: object) -> float | None:
    """The cost of a call that a cache answered, which LiteLLM's other 0.0 does not tell."""
    return 0.0 if truth(value) else None


def positive(value: object) -> int | None:
    """A count of senders who write 0 for what they were not told."""
    return count(value) or None


def wait(value: object) -> float | None:
    """Milliseconds of a time in seconds, or in milliseconds where it is whole (Strands)."""
    return milliseconds(value) if isinstance(value, int) else seconds(value)


def flag(value: object) -> bool | None:
    if isinstance(value, str):
        return _YES_OR_NO.get(value.lower())
    return value if isinstance(value, bool) else None


def reasons(value: object) -> list[str] | None:
    """Why each choice ended: a list, also where it is written as JSON, or one word."""
    if isinstance(value, str) and value.startswith("["):
        value = _loaded(value)
    words = value if isinstance(value, list) else [value]
    return [word for one in words[:_MAX_REASONS] if (word := name(one))] or None


def of_request(read: Reader, *members: str) -> Reader:
    """Reads the first of the members that is there, in an object written as JSON."""

    def reader(value: object) -> Any:
        found = mapping(_loaded(value))
        return next((said for key in members if (said := read(found.get(key)))), None)

    return reader


def inside(member: str, read: Reader) -> Reader:
    """Reads a number or a text of an object, or of one written as JSON or as Python does."""
    written = re.compile(rf"""['"]{member}['"]: ?(?:([0-9.e-]+)|"([^"\\]+)"|'([^'\\]+)')""")

    def reader(value: object) -> Any:
        if isinstance(value, str):
            found = written.search(value, 0, _ENOUGH)
            return read(found[found.lastindex or 0]) if found else None
        return read(mapping(value).get(member))

    return reader


def within(outer: str, member: str) -> Reader:
    """Reads a count of an object `outer`, wherever it stands in what is written as JSON."""
    written = re.compile(rf'"{outer}": ?\{{[^{{}}]*"{member}": ?(\d+)')

    def reader(value: object) -> int | None:
        found = written.search(value) if isinstance(value, str) else None
        return count(found[1]) if found else None

    return reader


def embedding_usage(value: object) -> int | None:
    """The tokens at the end of an answer of vectors, written as JSON."""
    found = _USAGE.search(value[-_END:]) if isinstance(value, str) else None
    return count(found[1]) if found else None


def _loaded(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value) if len(value) <= _MAX_JSON else None
    except orjson.JSONDecodeError:
        return None
