"""What was measured, as pictures in the style of the dashboards'."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from grafana.drawing import colors
from grafana.drawing.canvas import POINT, Box, Canvas

from ..contenders import BARE
from ..slices import Json
from .figures import Comparison, Spread, median, spread

WIDTH, SCALE, EDGE, GAP = 1200, 7 / 6, 16, 12
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a6d00")
"""Told apart by those who see fewer colours, too (after Okabe and Ito)."""
MARKERS = ("o", "s", "D", "^", "v", "P")


def draw_all(results: Json, folder: Path) -> list[Path]:
    """Write all pictures; where they are. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    canvases = {"ratios": _ratios(results), "curves": _curves(results)}
    if results["stages"]:
        canvases["stages"] = _stages(results)
    made = []
    for name, canvas in canvases.items():
        made.append(folder / f"performance-{name}.png")
        canvas.save(made[-1])
    return made


def _panel(canvas: Canvas, box: Box, title: str, note: str = "") -> Box:
    """A titled panel; the room in it."""
    canvas.box(box, colors.PANEL, edge=colors.LINE)
    canvas.text(box.x + 12, box.y + 20, title, size=15, weight="bold", room=box.width - 24)
    canvas.text(box.x + 12, box.y + 41, note, color=colors.FAINT, room=box.width - 24)
    return box.inner(12, 58, 16, 12)


def _legend(canvas: Canvas, box: Box, names: Sequence[str], palette: Sequence[str]) -> None:
    """In one line from the top left on."""
    x = box.x
    for name, color in zip(names, palette, strict=False):
        canvas.box(Box(x, box.y + 3, 12, 12), color)
        canvas.text(x + 18, box.y + 9, name)
        x += 18 + canvas.width_of(name, 12) + 20


def _axes(canvas: Canvas, box: Box, grid: str) -> Axes:
    axes = canvas.axes(box)
    axes.tick_params(length=0, labelsize=12 * POINT, labelcolor=colors.TEXT)
    axes.grid(True, axis=grid, color=colors.LINE, linewidth=POINT)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    return axes


def _log(axes: Axes, which: str, ticks: Sequence[float], least: float, most: float) -> None:
    """A logarithmic axis with these ticks, where they are within."""
    axis = getattr(axes, f"{which}axis")
    getattr(axes, f"set_{which}scale")("log")
    getattr(axes, f"set_{which}lim")(least, most)
    axis.set_major_locator(FixedLocator([one for one in ticks if least <= one <= most]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axis.set_minor_locator(NullLocator())


def _short(value: float) -> str:
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def _ratios(results: Json) -> Canvas:
    found = Comparison(results["comparison"])
    works = found.works()
    names = list(dict.fromkeys(n for w in works for n in found.contenders(w) if n != BARE))
    step = 14 + 20 * len(names)
    canvas = Canvas(WIDTH, 2 * EDGE + 58 + 30 + step * len(works) + 40, SCALE)
    whole = Box(EDGE, EDGE, canvas.width - 2 * EDGE, canvas.height - 2 * EDGE)
    title = "What an event costs, in requests of a bare Tornado handler"
    note = "CPU until it is stored; median and range of the rounds; the bare handler only answers"
    room = _panel(canvas, whole, title, note)
    _legend(canvas, room, names, LINES)
    axes = _axes(canvas, room.inner(230, 30, 30, 28), "x")
    spreads = {(w, n): found.to_bare(w, n) for w in works for n in found.contenders(w) if n != BARE}
    for row, work in enumerate(works):
        there = [name for name in names if (work, name) in spreads]
        for number, name in enumerate(there):
            y = row + (number - (len(there) - 1) / 2) * 20 / step
            _dot(axes, spreads[work, name], y, names.index(name))
    axes.axvline(1, color=colors.TEXT, linewidth=1.4)
    axes.set_ylim(len(works) - 0.5, -0.5)
    axes.set_yticks(range(len(works)), works)
    least = min(one.least for one in spreads.values()) / 1.2
    most = max(one.most for one in spreads.values()) * 1.25
    ticks = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10)
    _log(axes, "x", ticks, min(least, 0.9), max(most, 1.2))
    return canvas


def _dot(axes: Axes, one: Spread, y: float, number: int) -> None:
    color = LINES[number % len(LINES)]
    axes.plot([one.least, one.most], [y, y], color=color, alpha=0.35, lw=5, solid_capstyle="round")
    axes.plot([one.median], [y], MARKERS[number % len(MARKERS)], color=color, markersize=6)
    axes.annotate(
        f"{one.median:.2f}", (one.most, y), (7, 0), textcoords="offset points",
        va="center", fontsize=12 * POINT, color=colors.TEXT,
    )  # fmt: skip


def _curves(results: Json) -> Canvas:
    wide, high = (WIDTH - 2 * EDGE - GAP) / 2, 340.0
    canvas = Canvas(WIDTH, 2 * EDGE + 2 * high + GAP, SCALE)
    for number, (name, title, note) in enumerate(_PANELS):
        x, y = EDGE + number % 2 * (wide + GAP), EDGE + number // 2 * (high + GAP)
        lines = results["curves"][name]
        _curve(canvas, _panel(canvas, Box(x, y, wide, high), title, note), lines, name)
    return canvas


_PANELS = (
    (
        "events",
        "The more events in a request, the cheaper each",
        "CPU us an event, by events a request; 2,000 events/s",
    ),
    (
        "rows",
        "What is stored already",
        "CPU us an event, by rows in the database; 1,000 requests/s of one event",
    ),
    (
        "connections",
        "Connections, with the same load over all of them",
        "CPU us an event, by connections; 1,000 requests/s of one event",
    ),
    ("text", "Text in an event", "CPU us an event, by bytes of text; 300 requests/s of one event"),
)


def _curve(canvas: Canvas, box: Box, lines: Json, name: str) -> None:
    """One panel; the lines share their x. An x of 0 stands where the axis begins."""
    _legend(canvas, box, list(lines), LINES)
    axes = _axes(canvas, box.inner(42, 30, 14, 26), "y")
    known = [int(x) for x in next(iter(lines.values()))]
    places = _places(known)
    top = 0.0
    for number, by in enumerate(lines.values()):
        spreads = [spread(one["us"] for one in slices) for slices in by.values()]
        color, marker = LINES[number], MARKERS[number]
        xs = [places[int(x)] for x in by]
        axes.fill_between(
            xs, [one.least for one in spreads], [one.most for one in spreads],
            color=color, alpha=0.15, linewidth=0,
        )  # fmt: skip
        axes.plot(xs, [one.median for one in spreads], color=color, lw=1.4, marker=marker, ms=4)
        top = max(top, *(one.most for one in spreads))
    xs = list(places.values())
    for at in (0, -1):
        ends = sorted(median(list(by.values())[at], "us") for by in lines.values())
        for number, value in enumerate(reversed(ends)):
            _value(axes, xs[at], value, above=number == 0)
    if name != "events":
        axes.set_ylim(0, top * 1.15)
    else:
        _log(axes, "y", (5, 10, 20, 50, 100, 200, 500, 1000, 2000), _least(lines) / 1.2, top * 1.2)
    edge = (xs[-1] / xs[0]) ** 0.05
    _log(axes, "x", xs, xs[0] / edge, xs[-1] * edge)
    labels = {at: _bytes(x) if name == "text" else _short(x) for x, at in places.items()}
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: labels.get(value, "")))


def _value(axes: Axes, x: float, y: float, above: bool) -> None:
    axes.annotate(
        f"{y:.0f}", (x, y), (0, 8 if above else -14), textcoords="offset points",
        ha="center", fontsize=11 * POINT, color=colors.TEXT,
    )  # fmt: skip


def _least(lines: Json) -> float:
    least: float = min(
        one["us"] for by in lines.values() for slices in by.values() for one in slices
    )
    return least


def _places(known: Sequence[int]) -> dict[int, float]:
    """On a logarithmic axis, where 0 stands one step before the first."""
    if 0 not in known or len(known) < 3:
        return {x: float(x or 1) for x in known}
    step = min(after / before for before, after in pairwise(known[1:]))
    return {x: x or known[1] / step for x in known}


def _bytes(value: float) -> str:
    return f"{value / 1024:g} KB" if value >= 1024 else f"{value:g} B"


STAGES = {
    "HTTP": "#0072b2", "loop and sockets": "#56b4e9", "read and checked": "#009e73",
    "event made": "#8fd0b8", "redaction": "#cc79a7", "journal": "#d55e00", "queue": "#e69f00",
    "answer": "#f0d58c", "metrics": "#8a6d00", "other": "#b3b3b3",
    "the store's thread": "#555555",
}  # fmt: skip


def _stages(results: Json) -> Canvas:
    works = results["stages"]
    canvas = Canvas(WIDTH, 2 * EDGE + 58 + 56 + 46 * len(works) + 40, SCALE)
    whole = Box(EDGE, EDGE, canvas.width - 2 * EDGE, canvas.height - 2 * EDGE)
    title = "Where an event's CPU goes"
    room = _panel(
        canvas, whole, title, "CPU us an event by stage, on the event loop's thread and the store's"
    )
    names = list(STAGES)
    _legend(canvas, room, names[:6], list(STAGES.values())[:6])
    _legend(canvas, room.inner(0, 22, 0, 0), names[6:], list(STAGES.values())[6:])
    axes = _axes(canvas, room.inner(230, 56, 40, 28), "x")
    for row, by in enumerate(works.values()):
        parts = {**by["loop"], "the store's thread": sum(by["store"].values())}
        at = 0.0
        for name, color in STAGES.items():
            axes.barh(
                row, parts.get(name, 0), 0.62, at, color=color, edgecolor="white", linewidth=0.6
            )
            at += parts.get(name, 0)
        axes.annotate(
            f"{at:.0f}", (at, row), (6, 0), textcoords="offset points", va="center",
            fontsize=12 * POINT, color=colors.TEXT,
        )  # fmt: skip
    axes.set_ylim(len(works) - 0.5, -0.5)
    axes.set_yticks(range(len(works)), list(works))
    return canvas
