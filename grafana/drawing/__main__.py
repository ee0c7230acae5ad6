"""Draws the dashboards: `python -m grafana.drawing --help` from the repository's root."""

import sys
import time
import warnings
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ..asking.asked import Asked
from ..asking.prometheus import Prometheus
from ..asking.sqlite import Database
from ..reading import dashboards
from ..reading.windows import Window
from . import page


def main(words: list[str]) -> None:
    """Draw a picture of each dashboard, and tell which. Raises OSError, sqlite3.Error."""
    # it draws a box instead
    warnings.filterwarnings("ignore", "Glyph .* missing from font")
    arguments = _parsed(words)
    sources = Prometheus(arguments.prometheus), Database(arguments.db)
    start, end, scrape = arguments.start, arguments.to, arguments.scrape
    window = Window(int(start * 1000), int(end * 1000), scrape_ms=int(scrape * 1000))
    picks = dict(word.split("=", 1) for word in arguments.pick)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for one in dashboards.read_all():
        picture = arguments.folder / f"{one.uid}.png"
        asked = Asked(one, window, *sources, picks)
        page.draw(one, asked.panel, window, arguments.cells).save(picture)
        print(f"{picture}, {picture.stat().st_size / 1000:.0f} KB", flush=True)


def _parsed(words: list[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m grafana.drawing", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090", metavar="URL")
    parser.add_argument("--db", type=Path, default=Path("tokenweir.db"), metavar="FILE")
    now = time.time()
    parser.add_argument("--from", dest="start", type=float, default=now - 3600, metavar="SECONDS")
    parser.add_argument("--to", type=float, default=now, metavar="SECONDS", help="Unix time")
    parser.add_argument("--scrape", type=float, default=15, metavar="SECONDS")
    parser.add_argument("--cells", type=int, default=31, help="how far down: a large screen")
    parser.add_argument("--pick", action="append", default=[], metavar="VARIABLE=VALUE")
    return parser.parse_args(words)


if __name__ == "__main__":
    main(sys.argv[1:])
