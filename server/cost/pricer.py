"""Gives a call without a cost the one that the table computes."""

from functools import lru_cache

from ..events import Trace
from ..metadata import with_member
from .offer import Offer
from .rates import cost
from .table import Table
from .terms import answered_by, terms_of
from .usage import usage_of

MEMBER = "price_table"
"""Of the metadata of a call with a computed cost: which version of which table."""
_KEPT = 2048
"""Names that are remembered, unknown ones too: 0.2 ms a look-up."""


class Pricer:
    """A `store.Price`. What it looked up is kept, within bounds."""

    def __init__(self, table: Table) -> None:
        self.version = table.version
        self._find = lru_cache(_KEPT)(table.find)

    def __call__(self, trace: Trace) -> Trace:
        """`trace` with its cost, or as it is: reported already, without tokens, or unknown."""
        if trace.cost_usd is not None:
            return trace
        try:
            usd = self._cost(trace)
        except Exception:  # noqa: BLE001 whatever is wrong with a table: the call is stored
            usd = None
        if usd is None:
            return trace
        return trace._replace(
            cost_usd=usd,
            cost_source="computed",
            metadata=with_member(trace.metadata, MEMBER, self.version),
        )

    def _cost(self, trace: Trace) -> float | None:
        """USD. Raises ValueError and others where a call began in no year."""
        usage = usage_of(trace)
        if usage is None:
            return None
        terms = terms_of(trace)
        if terms.is_cached:
            return 0.0
        offer = self._offer(trace)
        began = trace.created_at if trace.started_at is None else trace.started_at
        tariff = offer.tariff(began, terms.context) if offer else None
        return cost(usage, tariff) if tariff else None

    def _offer(self, trace: Trace) -> Offer | None:
        """By the model that was asked for; of `…-latest`, which moves, by the one that answered."""
        moves = trace.model.endswith("latest")
        offer = None if moves else self._find(trace.provider, trace.model)
        if offer is None and (model := answered_by(trace)):
            offer = self._find(trace.provider, model)
        return offer or (self._find(trace.provider, trace.model) if moves else None)
