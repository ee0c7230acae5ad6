"""What one model costs at one provider, at any time and on any terms that the table knows."""

from collections.abc import Mapping
from datetime import UTC, datetime

from genai_prices.types import ModelInfo, ModelPrice

from .rates import FREE, Tariff, tariff_of


class Offer:
    """An entry of the table."""

    def __init__(self, model: ModelInfo, *, is_own: bool) -> None:
        """`is_own`: the provider's, not another's of which it sells models at the same price."""
        self._model, self._is_own = model, is_own
        self._is_free = model.id.endswith(":free")
        prices = model.prices if isinstance(model.prices, list) else []
        self._standard = None if prices else self._tariff(model.get_prices(datetime.now(UTC)))
        self._dated = {id(one.prices): self._tariff(one.prices) for one in prices}

    def tariff(self, at_ms: int, context: Mapping[str, str]) -> Tariff | None:
        """For a call that began then, in Unix ms. None where the table does not say.

        Raises OverflowError, OSError or ValueError for a time that is none.
        """
        if not context and not self._dated:
            return self._standard
        moment = datetime.fromtimestamp(at_ms / 1000, UTC)
        if not context:
            return self._dated[id(self._model.get_prices(moment))]
        if self._knows(moment, context):
            return self._tariff(self._model.get_prices(moment, context))
        return None

    def _knows(self, moment: datetime, context: Mapping[str, str]) -> bool:
        """Whether there are prices for all of `context`; the library takes the standard's else."""
        known = [
            one.when
            for one in (self._model.price_variants or ())
            if self._is_own
            if one.constraint is None or one.constraint.active(moment)
        ]
        told = [when for when in known if when.items() <= context.items()]
        return {key for when in told for key in when} == context.keys()

    def _tariff(self, price: ModelPrice) -> Tariff | None:
        """The table's name for what is free is no price; it has such entries for others, too."""
        return FREE if self._is_free and not vars(price) else tariff_of(price)
