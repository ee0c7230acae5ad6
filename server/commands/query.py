"""`tokenweir query traces|errors`: print stored rows, newest first."""

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from ..failure import Failure
from ..store import Unusable
from ..store.reader import COLUMNS, FILTERS, find, open_readonly
from ..times import MIN_MS, now_ms, parse_rfc3339
from .settings import add_settings, load_settings
from .table import print_table

HELP = "print stored traces or errors, newest first"

_KINDS = {"traces": "trace", "errors": "error"}
_SHOWN = {
    "trace": (
        "id",
        "created_at",
        "provider",
        "model",
        "status",
        "error_type",
        "prompt_tokens",
        "completion_tokens",
        "cost_usd",
        "latency_ms",
        "session_id",
        "trace_id",
    ),
    "error": (
        "id",
        "created_at",
        "severity",
        "error_type",
        "provider",
        "model",
        "session_id",
        "trace_id",
        "message",
    ),
}
_WORDS = {
    "status": ": ok or error",
    "severity": ": debug, info, warning, error or fatal (errors only)",
}
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=tuple(_KINDS), help="which rows")
    for name in FILTERS:
        option = "--" + name.removesuffix("_id").replace("_", "-")
        help = f"only rows with this {name}{_WORDS.get(name, '')}"
        parser.add_argument(option, dest=name, metavar="TEXT", help=help)
    times = "30m, 2h or 7d (ago), a date, an RFC 3339 date-time, or Unix milliseconds"
    parser.add_argument("--since", metavar="TIME", help=f"arrived at or after: {times}")
    parser.add_argument("--until", metavar="TIME", help="arrived before")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="rows a page (20)")
    parser.add_argument("--before", type=int, metavar="ID", help="the page after this row's id")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line, with texts and metadata"
    )
    add_settings(parser, only=("db",))


def run(arguments: Namespace) -> int:
    kind = _KINDS[arguments.what]
    columns = COLUMNS[kind] if arguments.json else _SHOWN[kind]
    rows = _find(load_settings(arguments).config.db, kind, columns, arguments)
    if not rows:
        print("no such rows", file=sys.stderr)
        return 0
    if arguments.json:
        for row in rows:
            print(json.dumps(_with_metadata(row), ensure_ascii=False))
    else:
        print_table(columns, rows)
        if len(rows) == arguments.limit:
            print(f"next page: --before={rows[-1]['id']}")
    return 0


def _find(
    path: str, kind: str, columns: tuple[str, ...], arguments: Namespace
) -> list[dict[str, Any]]:
    if arguments.limit < 1:
        raise Failure("--limit must be at least 1", status=2)
    try:
        with open_readonly(path) as db:
            return find(
                db,
                kind,
                columns,
                _filters(kind, arguments),
                since_ms=_moment(arguments.since, "--since"),
                until_ms=_moment(arguments.until, "--until"),
                before_id=arguments.before,
                limit=arguments.limit,
            )
    except Unusable as error:
        raise Failure(f"the database {path} {error}") from None
    except (OverflowError, UnicodeEncodeError):
        raise Failure("a number is too large, or a text is no text", status=2) from None


def _filters(kind: str, arguments: Namespace) -> dict[str, str]:
    given = {name: getattr(arguments, name) for name in FILTERS}
    filters = {name: value for name, value in given.items() if value is not None}
    for name in filters:
        if name not in COLUMNS[kind]:
            raise Failure(f"{arguments.what} have no {name}", status=2)
    return filters


def _moment(text: str | None, option: str) -> int | None:
    """Unix milliseconds of a time on the command line."""
    if text is None:
        return None
    if ago := re.fullmatch(r"(\d+)([smhd])", text):
        return now_ms() - int(ago[1]) * _UNITS_MS[ago[2]]
    if text.isdecimal() and int(text) >= MIN_MS:
        return int(text)
    try:
        is_date = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)
        return parse_rfc3339(f"{text}T00:00:00Z" if is_date else text)
    except ValueError:
        wanted = "30m, 2h, 7d, a date, an RFC 3339 date-time with an offset, or Unix milliseconds"
        raise Failure(f"{option} must be {wanted}, not {text!r}", status=2) from None


def _with_metadata(row: dict[str, Any]) -> dict[str, Any]:
    text = row["metadata"]
    return {**row, "metadata": None if text is None else json.loads(text)}
