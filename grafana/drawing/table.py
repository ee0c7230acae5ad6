"""Tables of rows."""

from ..asking.columns import Column
from ..reading.dashboards import Panel
from . import colors
from .canvas import Box, Canvas
from .looks import Look, look

_ROW, _PAD, _LEAST, _GAUGED = 36, 8, 150, 62
"""Pixels: the height of a row, the space in a cell, the least width of a free column, and how much
of a cell with a bar its number takes."""


def draw(canvas: Canvas, box: Box, panel: Panel, columns: list[Column]) -> None:
    """As many rows and columns as fit, as one sees them before one scrolls."""
    looks = [look(panel, one, index) for index, one in enumerate(columns)]
    x, right = box.x, box.x + box.width
    rows = int(box.height / _ROW - 1)
    for one, column, width in zip(looks, columns, _widths(looks, box.width), strict=True):
        visible = min(width, right - x)
        if visible > 12:
            _draw_column(canvas, Box(x, box.y, visible, _ROW), one, column, rows)
        x += width
    for row in range(1, min(rows, len(columns[0].values)) + 1):
        canvas.box(Box(box.x, box.y + row * _ROW, box.width, 0.5), colors.LINE)


def _draw_column(canvas: Canvas, head: Box, one: Look, column: Column, rows: int) -> None:
    """Numbers stand at the right."""
    numbers = column.numbers and not one.config["unit"].startswith("time:")
    at = head.x + head.width - _PAD if numbers else head.x + _PAD
    align, room, y = "right" if numbers else "left", head.width - 2 * _PAD, head.y + _ROW / 2
    canvas.text(at, y, one.name, align=align, room=room)
    kind = one.custom("cellOptions", {}).get("type")
    for row, value in enumerate(column.values[:rows], start=1):
        if kind == "gauge":
            cell = Box(head.x, head.y + row * _ROW, head.width, _ROW)
            share = (value or 0) / max(1e-9, *column.numbers)
            _draw_bar(canvas, cell.inner(_PAD, 8, _PAD + _GAUGED, 8), one.color, share)
        color = colors.LINK if one.config.get("links") else colors.TEXT
        color = one.color_of(value) if kind else color
        canvas.text(at, y + row * _ROW, one.text(value), align=align, room=room, color=color)


def _draw_bar(canvas: Canvas, box: Box, color: str, share: float) -> None:
    canvas.box(box, colors.EMPTY)
    if share:
        canvas.box(Box(box.x, box.y, box.width * share, box.height), color, alpha=0.75)


def _widths(looks: list[Look], width: float) -> list[float]:
    """As set; the columns without a width share what is left."""
    known = [one.custom("width") for one in looks]
    rest = (width - sum(one or 0 for one in known)) / max(1, known.count(None))
    return [one.custom("width") or max(rest, one.custom("minWidth", _LEAST)) for one in looks]
