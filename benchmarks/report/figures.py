"""Medians and ranges of what was measured. All ratios are of slices of the same round."""

import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..contenders import BARE, DEFAULT, VARIANTS
from ..slices import Json
from ..works import WORKS

SINGLES = {work.rate: work.name for work in WORKS if work.single}
"""The works of the bare handler, by their rates; 0 is the saturated one, its cheapest."""
BASES = {work.name: SINGLES[work.rate if work.events == 1 else 0] for work in WORKS}
"""By work, that of the bare handler to compare with."""


class Spread(NamedTuple):
    """Median, least and most."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}-{self.most:.2f})"


def spread(values: Iterable[float]) -> Spread:
    """Of at least one value."""
    known = list(values)
    return Spread(statistics.median(known), min(known), max(known))


def median(slices: Sequence[Json], name: str) -> float:
    """Of one figure of the slices."""
    return float(statistics.median(one[name] for one in slices))


class Comparison:
    """The slices of `compare.compare`, as read from JSON."""

    def __init__(self, found: Json) -> None:
        self._slices: dict[str, dict[str, list[Json]]] = found["slices"]

    def works(self) -> list[str]:
        """Those that were measured."""
        return [work for work, by in self._slices.items() if by]

    def contenders(self, work: str) -> dict[str, list[Json]]:
        """Slices by who was given this work, variants left out."""
        return {k: v for k, v in self._slices[work].items() if k not in VARIANTS}

    def to_bare(self, work: str, name: str) -> Spread:
        """CPU an event, as a multiple of the bare handler's CPU a request."""
        return self._ratio(self._slices[work][name], self._slices[BASES[work]][BARE])

    def saved(self, work: str, variant: str) -> Spread | None:
        """The share of the default's CPU that a variant saves; None where it was not measured."""
        by = self._slices[work]
        if variant not in by or DEFAULT not in by:
            return None
        ratio = self._ratio(by[variant], by[DEFAULT])
        return Spread(1 - ratio.median, 1 - ratio.most, 1 - ratio.least)

    def _ratio(self, ours: list[Json], theirs: list[Json]) -> Spread:
        return spread(a["us"] / b["us"] for a, b in zip(ours, theirs, strict=True))
