"""Large numbers."""

from ..asking.columns import Column
from ..reading.dashboards import Panel
from . import colors
from .canvas import Box, Canvas
from .looks import Look, look

_GAP, _MOST = 4, 44
"""Pixels between two numbers, and the largest height of letters."""


def draw(canvas: Canvas, box: Box, panel: Panel, columns: list[Column]) -> None:
    """The last value of each column, side by side, or what stands where there is none."""
    columns = columns or [Column("", [None])]
    wide = (box.width + _GAP) / len(columns)
    for index, column in enumerate(columns):
        place = Box(box.x + index * wide, box.y, wide - _GAP, box.height)
        known = [one for one in column.values if one is not None]
        _draw_one(canvas, place, panel, look(panel, column, index), known[-1] if known else None)


def _draw_one(canvas: Canvas, box: Box, panel: Panel, one: Look, value: object) -> None:
    options, color = panel.json["options"], one.color_of(value)
    if options["colorMode"] == "background":
        canvas.box(box, color)
        color = colors.PANEL
    lines = [(one.text(value), 0.5)]
    if options["textMode"] == "value_and_name":
        lines = [(one.name, 0.2), (one.text(value), 0.42)]
    y = box.y + box.height / 2 - (len(lines) - 1) * box.height * 0.16
    for words, share in lines:
        size = _fitting(canvas, words, box, share)
        canvas.text(box.x + box.width / 2, y, words, size=size, color=color, align="center")
        y += box.height * 0.42


def _fitting(canvas: Canvas, words: str, box: Box, share: float) -> float:
    """The size at which the words fit into the box, and that share of its height."""
    most = min(box.height * share, _MOST)
    return most * min(1, 0.92 * box.width / max(1, canvas.width_of(words, most)))
