"""`tokenweir reprice`: compute the costs of stored calls that have none."""

import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Iterable, Iterator

from ..cost import make_price
from ..store.connection import open_beside
from ..store.reader import open_readonly
from ..store.repricing import Slice, count_rows, reprice
from .letters import database
from .settings import add_settings
from .table import print_table
from .when import TIMES, moment

HELP = "compute the costs of stored calls that have tokens and none, also while the service runs"

PAUSE_SECONDS = 0.002
"""At least, between two transactions."""
_SHOWN = 20
"""Models without a price, at most."""

_EXAMPLES = """\
A cost that was reported, or computed before, stays as it is. It can be interrupted, and run
again. A newer table of prices comes with: pip install --upgrade genai-prices

examples:
  tokenweir reprice --dry-run
  tokenweir reprice --since=30d --db=/var/lib/tokenweir/tokenweir.db
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EXAMPLES, RawDescriptionHelpFormatter
    parser.add_argument("--since", metavar="TIME", help=f"only what arrived from then on: {TIMES}")
    parser.add_argument("--dry-run", action="store_true", help="change nothing")
    add_settings(parser, only=("db",))


def run(arguments: Namespace) -> int:
    since = moment(arguments.since, "--since")
    price, writes = make_price(computes=True), not arguments.dry_run
    with database(arguments, open_beside if writes else open_readonly) as db:
        sums = _Sums()
        total = count_rows(db, since) if sys.stderr.isatty() else 0
        try:
            slices = reprice(db, price, since, writes=writes)
            for one in _paced(slices) if writes else slices:
                sums.add(one)
                _tell(sums.rows, total)
        finally:  # also where it was interrupted: so much is done
            if total:
                print(file=sys.stderr)
            sums.say(writes=writes)
    return 0


def _paced(slices: Iterable[Slice]) -> Iterator[Slice]:
    """A running service gets the lock as long as it was kept from it."""
    start = time.monotonic()
    for one in slices:
        took = time.monotonic() - start
        yield one
        if one.priced:
            time.sleep(max(PAUSE_SECONDS, took))
        start = time.monotonic()


def _tell(rows: int, total: int) -> None:
    """Show how far it is, where there is a `total`: on a terminal."""
    if total:
        share = min(100, 100 * rows // total)
        bar = "#" * (share // 4)
        print(f"\r[{bar:25}] {share:3} % of {total} calls", end="", file=sys.stderr, flush=True)


class _Sums:
    """What came of it so far."""

    def __init__(self) -> None:
        self.rows = self._priced = 0
        self._usd = 0.0
        self._unknown: Counter[tuple[str, str]] = Counter()

    def add(self, one: Slice) -> None:
        self.rows += one.rows
        self._priced += len(one.priced)
        self._usd += sum(trace.cost_usd or 0.0 for trace in one.priced)
        self._unknown.update((trace.provider, trace.model) for trace in one.unknown)

    def say(self, *, writes: bool) -> None:
        """Print the summary: with each model that has no price, the most frequent first."""
        would = "" if writes else "would be "
        unknown, models = self._unknown.total(), len(self._unknown)
        print(f"{self._priced} calls {would}priced, ${self._usd:.6f} added; {unknown} unknown")
        columns = ("provider", "model", "calls")
        rows = [
            dict(zip(columns, (*names, calls), strict=True))
            for names, calls in self._unknown.most_common(_SHOWN)
        ]
        if rows:
            print_table(columns, rows)
        if models > _SHOWN:
            print(f"and {models - _SHOWN} more models")
