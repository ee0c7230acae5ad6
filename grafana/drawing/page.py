"""A dashboard as one picture, in Grafana's grid."""

from collections.abc import Callable
from datetime import UTC, datetime

from ..asking.columns import Column
from ..reading.dashboards import Dashboard, Json, Panel
from ..reading.windows import Window
from . import chart, colors, stat, table
from .canvas import Box, Canvas

Ask = Callable[[Panel, int], list[Column]]
"""What a panel, so many points wide, has to show."""

WIDTH, SCALE = 1200, 7 / 6
"""Pixels of a browser's window, and dots in the picture for each."""
_COLUMNS, _CELL, _GAP, _EDGE = 24, 30, 8, 16
_HEAD, _FOOT, _TITLE = 52, 30, 34
NOTE = "drawn by matplotlib from the panels' own queries; not a screenshot of Grafana"


def draw(dashboard: Dashboard, ask: Ask, window: Window, cells: int) -> Canvas:
    """What ends within so many cells from the top. Raises what `ask` raises."""
    placed = [one for one in dashboard.json["panels"] if _end(one) <= cells]
    while placed[-1]["type"] == "row":
        placed.pop()  # for nothing stands below it
    bottom = max(map(_end, placed))
    canvas = Canvas(WIDTH, _HEAD + bottom * (_CELL + _GAP) + _FOOT, SCALE)
    _draw_head(canvas, dashboard, window)
    panels = {one.id: one for one in dashboard.panels}
    for one in placed:
        box = _box(**one["gridPos"])
        if one["type"] == "row":
            words = f"{'▸' if one['collapsed'] else '▾'} {one['title']}"
            canvas.text(box.x, box.y + box.height / 2, words, size=15, weight="bold")
        else:
            _draw_panel(canvas, box, panels[one["id"]], ask, window)
    return canvas


def _end(placed: Json) -> int:
    """Where it ends, in cells."""
    end: int = placed["gridPos"]["y"] + placed["gridPos"]["h"]
    return end


def _box(x: int, y: int, w: int, h: int) -> Box:
    """The pixels of a place in the grid."""
    column, row = (WIDTH - 2 * _EDGE + _GAP) / _COLUMNS, _CELL + _GAP
    return Box(_EDGE + x * column, _HEAD + y * row, w * column - _GAP, h * row - _GAP)


def _draw_head(canvas: Canvas, dashboard: Dashboard, window: Window) -> None:
    canvas.text(_EDGE, 26, dashboard.title, size=18, weight="bold")
    after = _EDGE + 16 + canvas.width_of(dashboard.title, 18, "bold")
    first, last = (datetime.fromtimestamp(at / 1000, UTC) for at in (window.from_ms, window.to_ms))
    when = f"{first:%Y-%m-%d %H:%M} to {last:%H:%M} UTC"
    canvas.text(after, 27, when, color=colors.FAINT)
    canvas.text(WIDTH - _EDGE, 26, NOTE, size=11, color=colors.FAINT, align="right")


def _draw_panel(canvas: Canvas, box: Box, panel: Panel, ask: Ask, window: Window) -> None:
    canvas.box(box, colors.PANEL, edge=colors.LINE)
    canvas.text(box.x + 8, box.y + _TITLE / 2, panel.title, size=14, room=box.width - 16)
    inner = box.inner(8, _TITLE, 8, 8)
    columns = ask(panel, round(inner.width))
    if panel.type == "stat":
        stat.draw(canvas, inner, panel, columns)
    elif panel.type == "table" and columns:
        table.draw(canvas, inner, panel, columns)
    elif panel.type == "timeseries" and any(one.numbers for one in columns):
        chart.draw(canvas, inner, panel, columns, window)
    else:
        words = panel.json["fieldConfig"]["defaults"]["noValue"]
        x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
        canvas.text(x, y, words, color=colors.FAINT, align="center", room=inner.width)
