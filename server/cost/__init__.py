"""What a call cost, where its sender does not say: from the prices of genai-prices.

For the store's thread. Nothing is fetched: a newer table comes with a newer version of it.
"""

from functools import cache

from ..store import Price, as_it_is
from ..store.unpriced import is_unpriced


def make_price(computes: bool) -> Price:
    """A price for what has none, or none at all.

    The table takes 0.3 s and 13 MB, so it is loaded with the first call that needs it.
    """
    if not computes:
        return as_it_is
    pricer = cache(_load)
    return lambda trace: pricer()(trace) if is_unpriced(trace) else trace


def _load() -> Price:
    from .pricer import Pricer
    from .table import Table

    return Pricer(Table())
