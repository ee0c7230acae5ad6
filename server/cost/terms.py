"""On what terms a call was made, as far as its metadata tell: they change the price."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from ..events import Trace

_STANDARD = frozenset(
    ("", "auto", "default", "none", "null", "on_demand", "standard", "standard_only", "unspecified")
)
_MARKS = (b"service_tier", b'speed"', b"batch", b"cache_hit")


class Terms(NamedTuple):
    """`context` is what genai-prices calls so: the members that a variant of a price asks for."""

    context: Mapping[str, str]
    is_cached: bool = False
    """The gateway answered from a cache of its own: nobody was paid."""


STANDARD = Terms({})


def terms_of(trace: Trace) -> Terms:
    """What nobody mentions is the standard price."""
    is_batch = _is_batch(trace.operation)
    metadata = trace.metadata or b""
    if not is_batch and not any(mark in metadata for mark in _MARKS):
        return STANDARD
    members = members_of(metadata)
    tier = _word(members, "service_tier")
    context = {} if tier in _STANDARD or tier == "batch" else {"service_tier": tier}
    if is_batch or tier == "batch" or _says_batch(members):
        context["processing"] = "batch"
    if _word(members, "speed") == "fast":
        context["speed"] = "fast"
    return Terms(context, members.get("cache_hit") is True)


def answered_by(trace: Trace) -> str | None:
    """The model that answered, where it is named: it may be another than was asked for."""
    if b'"response_model"' not in (trace.metadata or b""):
        return None
    found = members_of(trace.metadata or b"").get("response_model")
    return found if isinstance(found, str) and found != trace.model else None


def members_of(metadata: bytes) -> dict[str, Any]:
    """The members of metadata, and those of an OTLP span's attributes and unknown ones as well."""
    try:
        found = orjson.loads(metadata) if metadata else {}
    except orjson.JSONDecodeError:  # of a row that somebody changed
        return {}
    if not isinstance(found, dict):
        return {}
    inner = (found.get("attributes"), found.get("extra"), found)
    return {key: value for one in inner if isinstance(one, dict) for key, value in one.items()}


def _is_batch(said: object) -> bool:
    """A call of a batch API; `batch_completion` is many calls of the plain one."""
    return isinstance(said, str) and (said == "batch" or said.endswith("_batch"))


def _says_batch(members: Mapping[str, Any]) -> bool:
    return (
        members.get("processing") == "batch"
        or members.get("batch") is True
        or _is_batch(members.get("call_type"))
    )


def _word(members: Mapping[str, Any], name: str) -> str:
    """The member of that name, or of one that ends so; what was asked for counts least."""
    found = [
        ("request" in key, value.lower())
        for key, value in members.items()
        if isinstance(value, str) and key.rpartition(".")[2] == name
    ]
    return min(found)[1] if found else ""
