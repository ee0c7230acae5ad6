"""Calls that cost something, and nobody knows what."""

import orjson

from ..events import Trace

_MARK = '"metered":true'

DUE = f"""
    counted AND cost_usd IS NULL AND max(
        coalesce(prompt_tokens, 0), coalesce(completion_tokens, 0), coalesce(total_tokens, 0)
    ) > 0 AND CASE
        WHEN instr(coalesce(metadata, ''), '{_MARK}') = 0 OR NOT json_valid(metadata) THEN 1
        ELSE json_extract(metadata, '$.metered') IS NOT 1
    END
"""
"""The rows of `llm_traces` that a price is looked for; `metered`: the cost comes in a metric."""


def is_unpriced(trace: Trace) -> bool:
    """Whether a call has tokens and no cost, nor will have one from a metric: DUE of a Trace."""
    if trace.cost_usd is not None:
        return False
    has_tokens = trace.prompt_tokens or trace.completion_tokens or trace.total_tokens
    return bool(has_tokens) and not is_metered(trace)


def is_metered(trace: Trace) -> bool:
    """Whether a metric has paid for it, or will."""
    said = trace.metadata
    if said is None or _MARK.encode() not in said:
        return False
    try:
        return orjson.loads(said).get("metered") is True
    except orjson.JSONDecodeError:  # of a row that somebody changed
        return False
