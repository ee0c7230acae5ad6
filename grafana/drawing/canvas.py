"""A picture in pixels from the top left corner, as a browser has it."""

import math
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from .colors import PAGE, TEXT

POINT = 0.72
"""A pixel in the unit of matplotlib's fonts and lines."""
_FONT = "DejaVu Sans"
"""It comes with matplotlib, so a picture is the same wherever it is drawn."""
_MOST_LETTERS = 200
"""More than fit anywhere."""


@dataclass(frozen=True)
class Box:
    """A rectangle; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    def inner(self, left: float, top: float, right: float, bottom: float) -> "Box":
        """The rectangle without these margins."""
        width, height = self.width - left - right, self.height - top - bottom
        return Box(self.x + left, self.y + top, max(width, 1), max(height, 1))


class Canvas:
    """`scale` is how many dots a pixel has on each side."""

    def __init__(self, width: float, height: float, scale: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure((width / 100, height / 100), dpi=100 * scale, facecolor=PAGE)
        self._page = self.figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self._page.axis("off")
        self._measure = FigureCanvasAgg(self.figure).get_renderer()
        self._scale = scale

    def save(self, path: Path) -> None:
        """Write it as PNG, in few colours, which makes it a third as large. Raises OSError."""
        drawn = BytesIO()
        self.figure.savefig(drawn, format="png", dpi="figure")
        picture = Image.open(drawn).convert("RGB")
        # these keep the colours of lines and their legends best
        method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
        few = picture.quantize(256, method, kmeans=2, dither=dither)
        few.save(path, "PNG", optimize=True)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 12,
        color: str = TEXT,
        weight: str = "normal",
        align: str = "left",
        room: float = math.inf,
    ) -> None:
        """Words whose middle is at `y`, cut with three dots where they are wider than `room`."""
        words = whole = " ".join(words[:_MOST_LETTERS].split())
        while whole and self.width_of(words, size, weight) > room:
            whole = whole[:-1]
            words = whole + "…"
        drawn = self._page.text(x, y, words, ha=align, va="center_baseline", parse_math=False)
        drawn.set(fontproperties=_font(size, weight), color=color)

    def width_of(self, words: str, size: float, weight: str = "normal") -> float:
        """In pixels."""
        font = _font(size, weight)
        wide, _, _ = self._measure.get_text_width_height_descent(words, font, ismath=False)
        return float(wide) / self._scale

    def box(self, box: Box, color: str, edge: str = "none", alpha: float = 1) -> None:
        """A filled rectangle, its corners a little round."""
        style = f"round,pad=0,rounding_size={min(2, box.width / 2, box.height / 2)}"
        patch = FancyBboxPatch((box.x, box.y), box.width, box.height, style)
        patch.set(facecolor=color, edgecolor=edge, alpha=alpha, linewidth=POINT)
        self._page.add_patch(patch)

    def axes(self, box: Box) -> Axes:
        """A place for a chart."""
        x, y = box.x / self.width, 1 - (box.y + box.height) / self.height
        return self.figure.add_axes((x, y, box.width / self.width, box.height / self.height))


def _font(size: float, weight: str) -> FontProperties:
    return FontProperties(family=_FONT, size=size * POINT, weight=weight)
