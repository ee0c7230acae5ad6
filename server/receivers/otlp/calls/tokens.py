"""Counts of tokens with one meaning, whatever the sender means by them."""

from typing import Any

from ....events import MAX_INTEGER
from ..records import Span

Found = dict[str, Any]

_TRACELOOP = "@traceloop/instrumentation-anthropic"
_DETAILS = "ai.usage.inputTokenDetails."
_PARTS = frozenset(("prompt_tokens", "completion_tokens"))


def leaves_out_cached(span: Span) -> bool:
    """Whether its sender is known to hand on Anthropic's count, which leaves out what was cached.

    Traceloop for JavaScript does, and Vercel until it told details of a prompt.
    """
    if "ai.operationId" not in span.attributes:
        return span.scope == _TRACELOOP
    is_anthropic = str(span.attributes.get("ai.model.provider")).startswith("anthropic")
    return is_anthropic and not any(name.startswith(_DETAILS) for name in span.attributes)


def settle(found: Found, *, failed: bool, apart: bool = False) -> None:
    """Change the counts in `found` so that a prompt includes what the cache gave or took, an
    answer what was thought, and a total is there where its parts are, and no less than they are.

    GenAI conventions ask for that; some senders hand on Anthropic's or Google's own counts.
    A call that failed reports 0 for unknown. `apart`: whether cached tokens are known to be
    counted apart from the prompt's.
    """
    if failed:
        _forget_zeros(found)
    cached = found.get("cache_read_tokens", 0) + found.get("cache_write_tokens", 0)
    thought = found.get("reasoning_tokens", 0)
    if cached or thought:
        _include(found, cached, thought, apart)
    if found.keys() & _PARTS:
        found["total_tokens"] = max(found.get("total_tokens", 0), _sum(found))


def _include(found: Found, cached: int, thought: int, apart: bool) -> None:
    """Add what is counted apart: the total has it beside both, or the whole would be less."""
    beside = _beside(found)
    for whole, part, known in (
        ("prompt_tokens", cached, apart),
        ("completion_tokens", thought, False),
    ):
        is_apart = known or beside in (part, cached + thought)
        if part and whole in found and (is_apart or found[whole] < part):
            found[whole] = min(found[whole] + part, MAX_INTEGER)


def _beside(found: Found) -> int:
    """How many tokens the total has beside both its parts; 0 where one of the three is unknown."""
    known = found.keys() >= _PARTS | {"total_tokens"}
    return found["total_tokens"] - _sum(found) if known else 0


def _sum(found: Found) -> int:
    counted: int = found.get("prompt_tokens", 0) + found.get("completion_tokens", 0)
    return min(counted, MAX_INTEGER)


def _forget_zeros(found: Found) -> None:
    for member in [one for one in found if one.endswith("_tokens") and found[one] == 0]:
        del found[member]
