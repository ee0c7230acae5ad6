"""Measures tokenweir beside a bare Tornado handler, and writes docs/performance.md anew.

`make bench`, or `python -m benchmarks` from the top of a checkout. Others may be put beside them:
BENCH_WITH='name=command with {port} and {db};name=...'
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .compare import Say, compare
from .contenders import BARE, DEFAULT, all_contenders
from .curves import Curves
from .fullqueue import full_queue_mib
from .machine import describe
from .report import plots, tables
from .report.document import filled
from .servers import ROOT
from .slices import Json
from .stages import profile
from .works import WORKS

DOCS = ROOT / "docs"
PROFILE_SECONDS = 3.0


def main() -> None:
    """Measure, write what was found, and render it."""
    arguments = _parsed()
    results, docs = _places(arguments)
    if not arguments.render:
        directory = tempfile.mkdtemp(prefix="tokenweir-bench-")
        try:
            found = _smallest(directory) if arguments.smallest else _all(directory, arguments)
        finally:
            shutil.rmtree(directory)
        results.write_text(json.dumps(_rounded(found), indent=1) + "\n")
    _render(json.loads(results.read_text()), docs)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of the comparison")
    parser.add_argument("--curve-rounds", type=int, default=3, help="of the growth curves")
    parser.add_argument("--seconds", type=float, default=0.8, help="length of one slice")
    parser.add_argument("--smallest", action="store_true", help="a few seconds, to see it work")
    parser.add_argument("--render", action="store_true", help="only what was measured last")
    parser.add_argument("--results", type=Path, metavar="FILE", help="instead of results.json")
    parser.add_argument("--docs", type=Path, metavar="FOLDER", help="instead of docs/")
    return parser.parse_args()


def _places(arguments: argparse.Namespace) -> tuple[Path, Path]:
    """Where the results go, and the document: those of the smallest run never over better ones."""
    results, docs = Path(__file__).with_name("results.json"), DOCS
    if arguments.smallest:
        docs = Path(tempfile.mkdtemp(prefix="tokenweir-bench-smallest-"))
        results = docs / "results.json"
    return arguments.results or results, arguments.docs or docs


def _all(directory: str, arguments: argparse.Namespace) -> Json:
    say, setup = _teller(), describe("make bench")
    seconds = arguments.seconds
    compared = compare(all_contenders(), WORKS, arguments.rounds, seconds, directory, say)
    curves = Curves(directory, arguments.curve_rounds, seconds, say)
    drawn = {
        "events": curves.by_events(),
        "rows": curves.by_rows(),
        "connections": curves.by_connections(),
        "text": curves.by_text(),
    }
    stages = profile(directory, PROFILE_SECONDS, say)
    say("memory with a full queue")
    full = full_queue_mib(directory)
    say("done")
    found = {"setup": setup, "comparison": compared, "curves": drawn, "stages": stages}
    return found | {"full_queue": full}


def _smallest(directory: str) -> Json:
    """The least of everything that makes a whole document."""
    say, setup = _teller(), describe("python -m benchmarks --smallest")
    few = [one for one in all_contenders() if one.name in (BARE, DEFAULT, "without journal")]
    works = [work for work in WORKS if work.key]
    compared = compare(few, works, 1, 0.2, directory, say)
    curves = Curves(directory, 1, 0.2, say)
    drawn = {
        "events": curves.by_events((1, 50)),
        "rows": curves.by_rows((0, 1000)),
        "connections": curves.by_connections((1, 10)),
        "text": curves.by_text((512, 2048)),
    }
    return {"setup": setup, "comparison": compared, "curves": drawn, "stages": {}}


def _rounded(found: Any) -> Any:
    """To 4 digits after the point: more are none that were measured."""
    if isinstance(found, dict):
        return {name: _rounded(one) for name, one in found.items()}
    if isinstance(found, list):
        return [_rounded(one) for one in found]
    return round(found, 4) if isinstance(found, float) else found


def _teller() -> Say:
    """Says things on stderr, with the seconds since the start."""
    start = time.monotonic()
    return lambda words: print(f"{time.monotonic() - start:4.0f} s  {words}", file=sys.stderr)


def _render(results: Json, docs: Path) -> None:
    made = tables.all_tables(results)
    document = filled((DOCS / "performance.md").read_text("utf-8"), made)
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "performance.md").write_text(document, "utf-8")
    print(made["setup"], made["comparison"], sep="\n\n")
    for picture in plots.draw_all(results, docs / "images"):
        print(picture)


if __name__ == "__main__":
    main()
