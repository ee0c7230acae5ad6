"""Dead letters on the command line: opened, chosen, printed."""

import json
import re
import sqlite3
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from ..events import MAX_INTEGER
from ..failure import Failure
from ..store import Unusable
from ..store.check import check_newest
from ..store.dead_letters import Letter, letter_ids
from .settings import load_settings


@contextmanager
def database(
    arguments: Namespace, opener: Callable[[str], AbstractContextManager[sqlite3.Connection]]
) -> Iterator[sqlite3.Connection]:
    """The database of the settings, at our version, as `opener` opens it. Raises `Failure`."""
    path = load_settings(arguments).config.db
    try:
        with opener(path) as db:
            check_newest(db)
            yield db
    except Unusable as error:
        raise Failure(f"the database {path} {error}") from None


def chosen(db: sqlite3.Connection, arguments: Namespace) -> list[int]:
    """The ids to act on. Raises `Failure`, before any is touched, where one is unknown."""
    if bool(arguments.ids) == arguments.all:
        raise Failure("give the ids of dead letters, or --all", status=2)
    known = letter_ids(db)
    if missing := sorted(set(arguments.ids) - set(known)):
        raise unknown_id(missing)
    if not known:
        print("no dead letters", file=sys.stderr)
    return list(dict.fromkeys(arguments.ids)) or known


def unknown_id(ids: list[int]) -> Failure:
    """What to raise for ids that no dead letter has."""
    return Failure(f"no dead letter has the id {', '.join(map(str, ids))}")


def letter_id(text: str) -> int:
    """The type of an ID argument."""
    if text.isdecimal() and len(text) < 20 and 0 < int(text) <= MAX_INTEGER:
        return int(text)
    raise ArgumentTypeError(f"not an id: {text!r}")


def event_id(letter: Letter) -> object:
    """The `event_id` of the event in `letter`."""
    return json.loads(letter.event).get("event_id")


def as_json(letter: Letter, indent: int | None = None) -> str:
    """`letter` as JSON; the control characters that JSON would leave are escaped too."""
    members = {**letter._asdict(), "event": json.loads(letter.event)}
    text = json.dumps(members, ensure_ascii=False, indent=indent)
    return re.sub(r"[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text)
