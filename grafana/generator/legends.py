"""What lines are called and what they came to, beside or below them."""

from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement

_TITLES = {"lastNotNull": "Last *", "max": "Max", "mean": "Mean", "sum": "Total"}
"""What Grafana calls a calculation, which is also what it sorts by."""


def below(*calcs: str) -> VizLegendOptions:
    """A table, the largest of the first calculation on top: for up to three lines, as no more can
    be seen without scrolling."""
    return _table(calcs).placement(LegendPlacement.BOTTOM)


def beside(calc: str) -> VizLegendOptions:
    """A table at the right, for many lines, the largest on top; one number leaves room for names.

    A mean of NaN is NaN, so it is no calculation for shares and quantiles.
    """
    return _table((calc,)).placement(LegendPlacement.RIGHT).width(270)


def _table(calcs: tuple[str, ...]) -> VizLegendOptions:
    legend = VizLegendOptions().display_mode(LegendDisplayMode.TABLE).show_legend(True)
    return legend.calcs(list(calcs)).sort_by(_TITLES[calcs[0]]).sort_desc(True)


NOW = below("lastNotNull", "max")
TOTAL = below("sum")
"""For bars: the last one is never whole."""
NAMES = (
    VizLegendOptions()
    .display_mode(LegendDisplayMode.LIST)
    .placement(LegendPlacement.BOTTOM)
    .show_legend(True)
    .calcs([])
)
"""Names only, for lines that should stay at 0."""
