"""The table of prices that comes with genai-prices."""

from importlib.metadata import version

from genai_prices.data import providers
from genai_prices.data_snapshot import find_provider_by_id
from genai_prices.types import Provider

from . import names
from .offer import Offer


class Table:
    """Looks prices up, by provider and model. Takes up to a millisecond: keep what it finds.

    The library's own look-up keeps all it was ever asked for.
    """

    def __init__(self) -> None:
        self.version = f"genai-prices {version('genai-prices')}"

    def find(self, provider: str, model: str) -> Offer | None:
        """What a call costs that named them so; None where that is not known.

        The provider's own price counts. Where the table has no such provider, or the call may
        name it for its API alone, it is the price of whom the model's name tells.
        """
        if names.is_own_server(f"{provider}/{model}"):
            return None
        seller = _provider(provider)
        if seller and (offer := _offer(seller, model)):
            return offer
        if seller and seller.id not in names.DIALECTS:
            return None
        named = names.host(model) or names.maker(model)
        other = _provider(named[0]) if named else None
        return _offer(other, named[1]) if other and named else None


def _provider(name: str) -> Provider | None:
    found = (find_provider_by_id(providers, one) for one in names.providers(name) if one)
    return next(filter(None, found), None)


def _offer(provider: Provider, model: str) -> Offer | None:
    found = (provider.find_model(one, all_providers=providers) for one in names.models(model))
    entry = next(filter(None, found), None)
    if entry is None:
        return None
    is_own = any(entry is one for one in provider.models)
    # its maker has a price in the table, and sells none: `openai` is then said for the API alone
    is_anybodys = entry.id.startswith("gpt-oss") and (provider.id == "openai" or not is_own)
    return None if is_anybodys else Offer(entry, is_own=is_own)
