"""The model calls that were stored, by labels that their senders choose."""

from ..labels import CappedCounter, CappedLabels
from .declare import Declare

MAX_MODELS = 10
"""Pairs of provider and model that are shown; later ones are `other`."""


class CallMetrics:
    """What the stored calls say of the gateway's models."""

    def __init__(self, declare: Declare) -> None:
        overflow = declare.counter("label_overflow", "Label values folded into other.", ("label",))
        models = CappedLabels(MAX_MODELS, overflow.labels("model"))
        self.unpriced = CappedCounter(
            declare.counter(
                "llm_unpriced",
                "Stored calls with tokens but no known price.",
                ("provider", "model"),
            ),
            models,
        )
