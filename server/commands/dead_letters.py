"""`tokenweir dead-letters list|show|replay|drop`: see to what the store refused."""

import sqlite3
import sys
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter
from collections.abc import Callable

from ..cost import make_price
from ..events import MAX_INTEGER
from ..failure import Failure
from ..store import Price, Refused
from ..store.connection import open_beside
from ..store.dead_letters import find_letters, get_letter
from ..store.reader import open_readonly
from ..store.replay import drop_letter, replay_letter
from .letters import as_json, chosen, database, event_id, letter_id, unknown_id
from .settings import add_settings, load_settings
from .table import print_table, printable

HELP = "list, show, replay or drop the events that the store refused"

PAUSE_SECONDS = 0.002
"""Between two letters, so that a running service gets the lock in between."""

_SHOWN = ("id", "created_at", "kind", "reason", "event_id")
_EXAMPLES = """\
examples:
  tokenweir dead-letters list
  tokenweir dead-letters show 7
  tokenweir dead-letters replay 7 8    (once the cause is mended)
  tokenweir dead-letters drop --all
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EXAMPLES, RawDescriptionHelpFormatter
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def add(
        name: str, act: Callable[[Namespace], int], help: str, example: str, *settings: str
    ) -> ArgumentParser:
        sub = actions.add_parser(
            name,
            help=help,
            description=help,
            epilog=f"example: tokenweir dead-letters {name} {example}",
            allow_abbrev=False,
        )
        sub.set_defaults(act=act)
        add_settings(sub, only=("db", *settings))
        return sub

    newest = add("list", _list, "print dead letters, newest first", "--limit=100")
    newest.add_argument("--limit", type=int, default=20, metavar="N", help="most letters (20)")
    newest.add_argument(
        "--json", action="store_true", help="one JSON object a line, with the event"
    )
    one = add("show", _show, "print a dead letter as JSON", "7")
    one.add_argument("id", type=letter_id, metavar="ID", help="the letter's id")
    stores = "store the events after all, and delete their letters"
    for some in (
        add("replay", _replay, stores, "7 8", "compute_costs"),
        add("drop", _drop, "delete dead letters, with their events", "7 8"),
    ):
        some.add_argument("ids", type=letter_id, nargs="*", metavar="ID", help="ids of letters")
        some.add_argument("--all", action="store_true", help="all letters, oldest first")


def run(arguments: Namespace) -> int:
    return int(arguments.act(arguments))


def _list(arguments: Namespace) -> int:
    if arguments.limit < 1:
        raise Failure("--limit must be at least 1", status=2)
    with database(arguments, open_readonly) as db:
        letters = find_letters(db, min(arguments.limit, MAX_INTEGER))
    if not letters:
        print("no dead letters", file=sys.stderr)
    elif arguments.json:
        for letter in letters:
            print(as_json(letter))
    else:
        rows = [{**letter._asdict(), "event_id": event_id(letter)} for letter in letters]
        print_table(_SHOWN, rows)
    return 0


def _show(arguments: Namespace) -> int:
    with database(arguments, open_readonly) as db:
        letter = get_letter(db, arguments.id)
    if letter is None:
        raise unknown_id([arguments.id])
    print(as_json(letter, indent=2))
    return 0


def _replay(arguments: Namespace) -> int:
    price = make_price(load_settings(arguments).config.compute_costs)
    done = _each(arguments, lambda db, one: _replay_one(db, one, price), _say_replayed)
    return 1 if done["refused"] else 0


def _replay_one(db: sqlite3.Connection, one: int, price: Price) -> str | None:
    try:
        return replay_letter(db, one, price)
    except Refused as error:
        said = printable(error.detail)
        print(f"dead letter {one} is refused again: {said}", file=sys.stderr)
        return "refused"


def _say_replayed(done: Counter[str]) -> str:
    twice = done["deduplicated"]
    known = f" ({twice} stored already)" if twice else ""
    again = f", {done['refused']} refused again" if done["refused"] else ""
    return f"{done['persisted'] + twice} replayed{known}{again}"


def _drop(arguments: Namespace) -> int:
    _each(arguments, drop_letter, lambda done: f"{done['dropped']} dropped")
    return 0


def _each(
    arguments: Namespace,
    act: Callable[[sqlite3.Connection, int], str | None],
    say: Callable[[Counter[str]], str],
) -> Counter[str]:
    """How often each outcome of `act` came about; said also where the database fails midway."""
    done: Counter[str] = Counter()
    try:
        with database(arguments, open_beside) as db:
            for one in chosen(db, arguments):
                if outcome := act(db, one):  # None: another process was first
                    done[outcome] += 1
                time.sleep(PAUSE_SECONDS)
    finally:
        if done:
            print(say(done))
    return done
