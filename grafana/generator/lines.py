"""Panels over time: lines, and bars."""

from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ScaleDistributionConfig,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Property

from . import legends, looks, rowsql
from .panels import Overrides, Queries, described, overridden

DASHED = [
    Property("custom.lineStyle", {"fill": "dash", "dash": [8, 8]}),
    Property("custom.fillOpacity", 0),
    Property("color", {"mode": "fixed", "fixedColor": "orange"}),
]
"""A limit, beside the line that should stay below it."""


def lines(
    title: str,
    description: str,
    unit: str,
    queries: Queries,
    *,
    width: int,
    height: int = 8,
    legend: VizLegendOptions = legends.NOW,
    fill: int = 10,
    limits: ThresholdsConfig | None = None,
    least: float | None = 0,
    top: float | None = None,
    logarithmic: bool = False,
    nothing: str = "nothing in this time range",
    overrides: Overrides | None = None,
) -> models.Panel:
    """A line a series; `limits` are drawn as dashed lines. What is filled (in %) below many lines
    is mud."""
    panel = _over_time(title, description, unit, queries, (width, height), nothing).legend(legend)
    panel.line_width(1).fill_opacity(fill).show_points(common.VisibilityMode.AUTO)
    if limits:
        dashed = common.GraphThresholdsStyleMode.DASHED
        panel.thresholds(limits).thresholds_style(GraphThresholdsStyleConfig().mode(dashed))
    if least is not None and not logarithmic:  # where there is no 0
        panel.min(least)
    if top is not None:
        panel.max(top)
    if logarithmic:
        scale = ScaleDistributionConfig().type(common.ScaleDistribution.LOG).log(10)
        panel.scale_distribution(scale)
    return overridden(panel, overrides).build()


def bars(
    title: str,
    description: str,
    unit: str,
    queries: Queries,
    *,
    width: int,
    height: int = 8,
    legend: VizLegendOptions = legends.TOTAL,
    stacked: bool = True,
    nothing: str = "nothing in this time range",
    overrides: Overrides | None = None,
) -> models.Panel:
    """Bars of stored rows: a bucket without rows has no bar, while a line would cross it.

    Those that are not to be added are not `stacked`, but seen through each other.
    """
    panel = _over_time(title, description, unit, queries, (width, height), nothing).legend(legend)
    panel.draw_style(common.GraphDrawStyle.BARS)
    # a bucket has the time at which it begins
    panel.bar_alignment(common.BarAlignment.AFTER).min(0)
    if stacked:
        panel.stacking(StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    panel.line_width(0 if stacked else 1).fill_opacity(80 if stacked else 50)
    # wide enough to be seen; and a minute at least, so that a bucket is whole seconds
    panel.max_data_points(200).interval("1m")
    if any(isinstance(one, rowsql.Query) and one.names_series for one in queries):
        panel.display_name("${__field.labels.name}")
    return overridden(panel, overrides).build()


def _over_time(
    title: str,
    description: str,
    unit: str,
    queries: Queries,
    size: tuple[int, int],
    nothing: str,
) -> timeseries.Panel:
    tooltip = VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    panel = described(timeseries.Panel(), title, description, unit, queries)
    panel.span(size[0]).height(size[1]).color_scheme(looks.BY_NAME).no_value(nothing)
    return panel.tooltip(tooltip.sort(common.SortOrder.DESCENDING))
