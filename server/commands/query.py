"""`tokenweir query traces|errors|totals`: print stored rows, newest first, or their sums."""

import sqlite3
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from functools import partial
from typing import Any

from ..failure import Failure
from ..store import Unusable, summary
from ..store.check import check_newest
from ..store.reader import COLUMNS, FILTERS, find, open_readonly
from .settings import add_settings, load_settings
from .shown import SHOWN, TOTALS, Rows, print_rows
from .when import TIMES, moment

HELP = "print stored traces or errors, newest first, or totals by model"

_KINDS = {"traces": "trace", "errors": "error", "totals": "trace"}
_PAGE = 20
_WORDS = {
    "status": ": ok or error",
    "severity": ": debug, info, warning, error or fatal (errors only)",
}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=tuple(_KINDS), help="which rows")
    for name in FILTERS:
        option = "--" + name.removesuffix("_id").replace("_", "-")
        help = f"only rows with this {name}{_WORDS.get(name, '')}"
        parser.add_argument(option, dest=name, metavar="TEXT", help=help)
    parser.add_argument("--since", metavar="TIME", help=f"arrived at or after: {TIMES}")
    parser.add_argument("--until", metavar="TIME", help="arrived before")
    parser.add_argument("--no-usage", action="store_true", help="only calls without token counts")
    uncounted = "also rows that only add up the calls under them"
    parser.add_argument("--uncounted", action="store_true", help=uncounted)
    parser.add_argument("--limit", type=int, metavar="N", help=f"rows a page ({_PAGE})")
    parser.add_argument("--before", type=int, metavar="ID", help="the page after this row's id")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line, with all that there is"
    )
    add_settings(parser, only=("db",))


def run(arguments: Namespace) -> int:
    _check(arguments)
    show = _show_totals if arguments.what == "totals" else _show_rows
    show(arguments, load_settings(arguments).config.db)
    return 0


def _show_totals(arguments: Namespace, path: str) -> None:
    sums = _read(path, partial(summary.sum_up, **_which("trace", arguments)))
    if len(sums) > 1 and not arguments.json:
        sums = [*sums, summary.together(sums)]
    print_rows(TOTALS, sums, as_json=arguments.json)


def _show_rows(arguments: Namespace, path: str) -> None:
    kind = _KINDS[arguments.what]
    columns = COLUMNS[kind] if arguments.json else SHOWN[kind]
    page = {"before_id": arguments.before, "limit": arguments.limit or _PAGE}
    also = {"uncounted": arguments.uncounted, "no_usage": arguments.no_usage}
    which = {**_which(kind, arguments), **page, **also}
    rows = _read(path, partial(find, kind=kind, columns=columns, **which))
    print_rows(columns, rows, as_json=arguments.json)
    if len(rows) == page["limit"] and not arguments.json:
        print(f"next page: --before={rows[-1]['id']}")


def _which(kind: str, arguments: Namespace) -> dict[str, Any]:
    return {
        "filters": _filters(kind, arguments),
        "since_ms": moment(arguments.since, "--since"),
        "until_ms": moment(arguments.until, "--until"),
    }


def _read(path: str, read: Callable[[sqlite3.Connection], Rows]) -> Rows:
    try:
        with open_readonly(path) as db:
            check_newest(db)
            return read(db)
    except Unusable as error:
        raise Failure(f"the database {path} {error}") from None
    except (OverflowError, UnicodeEncodeError):
        raise Failure("a number is too large, or a text is no text", status=2) from None


def _check(arguments: Namespace) -> None:
    """Raises Failure for options that make no sense together."""
    if arguments.limit is not None and arguments.limit < 1:
        raise Failure("--limit must be at least 1", status=2)
    is_page = arguments.limit is not None or arguments.before is not None
    if arguments.what == "totals" and is_page:
        raise Failure("totals have no pages: --limit and --before are for rows", status=2)
    if arguments.what != "traces" and (arguments.no_usage or arguments.uncounted):
        raise Failure("--no-usage and --uncounted are for traces", status=2)


def _filters(kind: str, arguments: Namespace) -> dict[str, str]:
    given = {name: getattr(arguments, name) for name in FILTERS}
    filters = {name: value for name, value in given.items() if value is not None}
    for name in filters:
        if name not in COLUMNS[kind]:
            raise Failure(f"{arguments.what} have no {name}", status=2)
    return filters
