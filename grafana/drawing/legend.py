"""What the lines of a chart are called, and what they came to."""

from collections.abc import Iterator

from ..reading.dashboards import Json
from .canvas import Box, Canvas
from .colors import LINK
from .series import CALCULATIONS, Series

_ROW, _SIZE, _VALUE = 22, 11.5, 78.0
_MOST_BELOW, _MOST_BESIDE = 0.35, 0.5
"""The most of a panel that a legend takes; what does not fit is scrolled."""


def draw(canvas: Canvas, box: Box, options: Json, series: list[Series]) -> Box:
    """The legend, and what it leaves to the chart."""
    if options["displayMode"] == "table":
        there, rest = _split(box, options, len(series) + 1)
        _draw_table(canvas, there, options, series)
        return rest
    places = list(_places(canvas, box.width - 8, series))
    there, rest = _split(box, options, places[-1][1] + 1)
    for one, (x, row) in zip(series, places, strict=True):
        if (row + 0.5) * _ROW <= there.height:
            _draw_name(canvas, there.inner(x, row * _ROW, 0, 0), one)
    return rest


def _split(box: Box, options: Json, rows: int) -> tuple[Box, Box]:
    if options["placement"] == "right":
        wide = min(options["width"], box.width * _MOST_BESIDE)
        return box.inner(box.width - wide, 0, 0, 0), box.inner(0, 0, wide + 4, 0)
    high = min(rows * _ROW + 4, box.height * _MOST_BELOW)
    return box.inner(4, box.height - high, 4, 0), box.inner(0, 0, 0, high)


def _places(canvas: Canvas, width: float, series: list[Series]) -> Iterator[tuple[float, int]]:
    """Where in a list each stands: how far from the left, and in which row."""
    x, row = 0.0, 0
    for one in series:
        wide = canvas.width_of(one.look.name, _SIZE) + 34
        if x and x + wide > width:
            x, row = 0.0, row + 1
        yield x, row
        x += wide


def _draw_table(canvas: Canvas, box: Box, options: Json, series: list[Series]) -> None:
    """Sorted by one of its columns, the largest first."""
    calcs, wide = options["calcs"], min(_VALUE, box.width * 0.24)
    (by,) = (calc for calc, (name, _) in CALCULATIONS.items() if name == options["sortBy"])
    series = sorted(series, key=lambda one: one.calculated(by) or 0, reverse=True)
    shown = series[: max(1, int(box.height / _ROW - 0.65))]
    canvas.text(box.x, box.y + _ROW / 2, "Name", size=11, color=LINK)
    for row, one in enumerate(shown, start=1):
        line = box.inner(0, row * _ROW, 10 + wide * len(calcs), 0)
        _draw_name(canvas, line, one)
    for at, calc in enumerate(reversed(calcs)):
        x, y = box.x + box.width - 8 - wide * at, box.y + _ROW / 2
        canvas.text(x, y, CALCULATIONS[calc][0], size=11, color=LINK, align="right")
        for row, one in enumerate(shown, start=1):
            words = one.look.text(one.calculated(calc))
            canvas.text(x, y + row * _ROW, words, size=_SIZE, align="right", room=wide - 4)
    if len(shown) < len(series):
        high = (box.height - _ROW) * len(shown) / len(series)
        canvas.box(Box(box.x + box.width - 3, box.y + _ROW, 4, high), "#c8cacd")


def _draw_name(canvas: Canvas, box: Box, one: Series) -> None:
    y = box.y + _ROW / 2
    canvas.box(Box(box.x, y - 2, 14, 4), one.look.color)
    canvas.text(box.x + 20, y, one.look.name, size=_SIZE, room=box.width - 20)
