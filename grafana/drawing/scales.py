"""The axes of a chart: from when to when, from what to what, and what stands beside them."""

import math
from dataclasses import replace
from datetime import UTC, datetime

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, MaxNLocator, MultipleLocator

from ..reading.windows import Window
from . import colors
from .canvas import POINT
from .looks import Look
from .series import Series


def set_up(axes: Axes, series: list[Series], window: Window, width: float, height: float) -> None:
    """The scales of a chart that is so many pixels wide and high."""
    axes.set_facecolor("none")
    axes.grid(True, color=colors.LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=11 * POINT, labelcolor=colors.FAINT, pad=4)
    _scale_time(axes, window, width)
    _scale_values(axes, series, height)
    if series[0].look.custom("thresholdsStyle"):
        _draw_limits(axes, series[0].look)


def _scale_time(axes: Axes, window: Window, width: float) -> None:
    """Round times, as far from each other as Grafana's points would be."""
    step = replace(window, points=max(1, round(width / 80))).interval_ms(1000)
    first = math.ceil(window.from_ms / step) * step
    axes.set_xlim(window.from_ms, window.to_ms)
    axes.xaxis.set_major_locator(FixedLocator(range(first, window.to_ms, step)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: _clock(at, step)))


def _clock(at: float, step: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):{'%H:%M' if step >= 60_000 else '%H:%M:%S'}}"


def _scale_values(axes: Axes, series: list[Series], height: float) -> None:
    """Round numbers: for bytes powers of two."""
    look, (low, high) = series[0].look, axes.get_ylim()
    if not any(any(one.known) for one in series):
        high = 1  # there are zeros only
    low, high = look.config.get("min", low), look.config.get("max", high)
    axes.set_ylim(low, high)
    most = max(2, round(height / 40))
    steps: Locator = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10])
    if look.config["unit"] == "bytes":
        steps = MultipleLocator(2 ** math.ceil(math.log2((high - low) / most)))
    axes.yaxis.set_major_locator(steps)
    # adding up the steps of a scale leaves something behind
    axes.yaxis.set_major_formatter(FuncFormatter(lambda at, _: look.number(float(f"{at:.10g}"))))


def _draw_limits(axes: Axes, look: Look) -> None:
    """The thresholds that are on the scale; Grafana does not make room for the others."""
    for step in look.steps[1:]:
        if step["value"] <= axes.get_ylim()[1]:
            axes.axhline(step["value"], color=colors.by_name(step["color"]), lw=0.9, ls=(0, (5, 4)))
