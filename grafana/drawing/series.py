"""A line of a chart: its points, and how they are to look."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..asking.columns import Column
from ..reading.dashboards import Panel
from .looks import Look, look

CALCULATIONS: dict[str, tuple[str, Callable[[list[float]], float]]] = {
    "lastNotNull": ("Last *", lambda known: known[-1]),
    "max": ("Max", max),
    "mean": ("Mean", lambda known: sum(known) / len(known)),
    "sum": ("Total", sum),
}
"""What a legend's columns are called, and how they come about."""


@dataclass(frozen=True)
class Series:
    """`values` at `times` (Unix ms); NaN where there is none."""

    look: Look
    times: list[float]
    values: list[float]

    @property
    def known(self) -> list[float]:
        """The values that there are."""
        return [one for one in self.values if not math.isnan(one)]

    def calculated(self, name: str) -> float | None:
        """What a legend's column shows of it; `name` is Grafana's for the calculation."""
        return CALCULATIONS[name][1](self.known) if self.known else None


def series_of(panel: Panel, columns: list[Column]) -> list[Series]:
    """The lines of a panel, in the order in which its queries answered."""
    return [
        Series(look(panel, one, index), one.times, [_number(each) for each in one.values])
        for index, one in enumerate(one for one in columns if one.numbers)
    ]


def _number(value: float | None) -> float:
    return math.nan if value is None else value
