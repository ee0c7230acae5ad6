"""Which models metrics tell apart, and which names may be labels."""

import re

AUTO, OFF = "auto", "off"
Pair = tuple[str, str]
"""A provider and a model."""
FIT = re.compile(r"[A-Za-z0-9_.:/@-]{1,80}")
"""What a value of a label must match, that comes from outside; `@` is in the names of Vertex AI."""
MOST_LISTED = 100
"""About 45 samples each."""


def listed(said: str) -> tuple[Pair, ...]:
    """The pairs that the setting lists as `provider/model,...`; none where it is AUTO or OFF.

    Raises ValueError, naming the setting.
    """
    if said in (AUTO, OFF):
        return ()
    pairs = tuple(dict.fromkeys(_pair(one.strip()) for one in said.split(",")))
    if len(pairs) > MOST_LISTED:
        raise ValueError(f"model_metrics may list at most {MOST_LISTED} models")
    return pairs


def _pair(said: str) -> Pair:
    provider, _, model = said.partition("/")
    if not (FIT.fullmatch(provider) and FIT.fullmatch(model)):
        raise ValueError(
            f"model_metrics must be {AUTO}, {OFF}, or provider/model,... of letters, digits and "
            f"_.:/@-, not {said!r}"
        )
    return provider, model
