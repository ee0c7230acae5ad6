"""Lines and bars over time."""

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from ..asking.columns import Column
from ..reading.dashboards import Panel
from ..reading.windows import Window
from . import legend, scales
from .canvas import Box, Canvas
from .series import Series, series_of

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 6, 26
"""Pixels around the chart, for what stands beside the axes."""


def draw(canvas: Canvas, box: Box, panel: Panel, columns: list[Column], window: Window) -> None:
    """The panel's series; some column has a number."""
    series = series_of(panel, columns)
    rest = legend.draw(canvas, box, panel.json["options"]["legend"], series)
    there = rest.inner(_LEFT, _TOP, _RIGHT, _BOTTOM)
    axes = canvas.axes(there)
    if series[0].look.custom("drawStyle") == "bars":
        _draw_bars(axes, series)
    else:
        for one in series:
            _draw_line(axes, one)
    scales.set_up(axes, series, window, there.width, there.height)


def _draw_line(axes: Axes, one: Series) -> None:
    color, dashed = one.look.color, one.look.custom("lineStyle")
    marker = "o" if len(one.known) == 1 else ""  # which has no line
    style = "--" if dashed else "-"
    axes.plot(one.times, one.values, style, color=color, lw=1.1, marker=marker, markersize=3)
    if opacity := one.look.custom("fillOpacity"):
        axes.fill_between(one.times, one.values, 0, color=color, alpha=opacity / 100, linewidth=0)


def _draw_bars(axes: Axes, series: list[Series]) -> None:
    """From its moment on; each on those before it where they are stacked."""
    times = sorted({at for one in series for at in one.times})
    wide = min((after - at for at, after in pairwise(times)), default=60_000)
    floors = dict.fromkeys(times, 0.0)
    for one in series:
        known = {at: value for at, value in zip(one.times, one.values, strict=True) if value > 0}
        bottoms, heights = [floors[at] for at in known], list(known.values())
        color = to_rgba(one.look.color, one.look.custom("fillOpacity") / 100)
        axes.bar(list(known), heights, wide * 0.85, bottoms, align="edge", color=color)
        if one.look.custom("stacking"):
            floors |= {at: floors[at] + value for at, value in known.items()}
