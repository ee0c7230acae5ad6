"""PromQL as Grafana sends it."""

import re
from collections.abc import Mapping

from .chosen import Chosen
from .formats import put_in
from .windows import Window

_LABEL_VALUES = re.compile(r"label_values\(\s*(?:(?P<selector>.+),)?\s*(?P<label>\w+)\s*\)", re.S)
_SPECIAL = re.compile(r"[$^*{}\[\]'+?.()|]")


def resolve(expr: str, chosen: Mapping[str, Chosen], window: Window, least_ms: int = 1) -> str:
    """An expression, or the query of a variable, with its variables.

    `least_ms` is the panel's "Min interval"; no step is shorter than the scrape interval.
    """
    least_ms = max(least_ms, window.scrape_ms)
    own = window.variables(least_ms) | {"__rate_interval": window.rate_interval(least_ms)}
    values = {name: Chosen((value,)) for name, value in own.items()}
    return put_in(expr, {**chosen, **values}, _plain)


def label_values(query: str) -> tuple[str | None, str]:
    """The selector, if any, and the label of a variable's `label_values(selector, label)`.

    Raises ValueError for another query.
    """
    found = _LABEL_VALUES.fullmatch(query.strip())
    if found is None:
        raise ValueError(f"no label_values: {query}")
    return found["selector"], found["label"]


def _plain(chosen: Chosen) -> str:
    """The data source's own format: several values are a regular expression inside a PromQL
    string, in which a backslash takes two; a variable that has one value only is a string."""
    if not chosen.several:
        return chosen.parts[0].replace("\\", "\\\\").replace("'", "\\\\'")
    parts = [_SPECIAL.sub(r"\\\\\g<0>", part.replace("\\", r"\\\\")) for part in chosen.parts]
    return parts[0] if len(parts) == 1 else f"({'|'.join(parts)})"
