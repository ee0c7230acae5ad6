"""The tokens of a call, each counted once."""

from typing import NamedTuple

from ..events import Trace


class Usage(NamedTuple):
    """Tokens that add up to all; in the order of `Rates`."""

    plain: int
    """Of the prompt, neither read from a cache nor written to it."""
    cache_read: int
    cache_write: int
    answer: int
    """Without what was thought."""
    reasoning: int


def usage_of(trace: Trace) -> Usage | None:
    """None where there are no tokens, or nobody knows of which kind they are."""
    prompt, completion = _whole(trace)
    if prompt is None or prompt + completion == 0:
        return None
    read, written = trace.cache_read_tokens or 0, trace.cache_write_tokens or 0
    thought = trace.reasoning_tokens or 0
    return Usage(
        _without(prompt, read + written), read, written, _without(completion, thought), thought
    )


def _whole(trace: Trace) -> tuple[int | None, int]:
    """Tokens of prompt and answer. Of an embedding all are the prompt's."""
    prompt, completion, total = trace.prompt_tokens, trace.completion_tokens, trace.total_tokens
    if prompt is None and total is not None:
        if completion is not None:
            prompt = max(total - completion, 0)
        elif trace.operation == "embeddings":
            prompt = total
    if completion is None and prompt is not None and total is not None:
        completion = max(total - prompt, 0)
    return prompt, completion or 0


def _without(whole: int, part: int) -> int:
    """A part that is larger than the whole was counted beside it, as some senders do."""
    return whole - part if part <= whole else whole
