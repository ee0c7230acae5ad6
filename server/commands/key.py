"""`tokenweir key new|hash NAME`: make a key, or the line of a keys file for one."""

import os
import sys
from argparse import ArgumentParser, Namespace
from getpass import getpass

from ..failure import Failure
from ..keys import keys

HELP = "make a key to send or to read with, and its line for a file of keys"


def add_arguments(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    new = actions.add_parser("new", help="print a new key, which is shown only this once")
    new.add_argument("--file", metavar="FILE", help="add its line to this file, made where needed")
    new.set_defaults(act=_new)
    known = actions.add_parser("hash", help="print the line of a key that is read from stdin")
    known.set_defaults(act=_hash)
    for action in (new, known):
        action.add_argument("name", metavar="NAME", help="who has the key")


def run(arguments: Namespace) -> int:
    try:
        arguments.act(arguments)
    except ValueError as error:
        raise Failure(str(error), status=2) from None
    return 0


def _new(arguments: Namespace) -> None:
    """The key alone goes to stdout, so that it can be piped to where it is kept."""
    key = keys.new()
    line = keys.entry(arguments.name, key)
    if arguments.file is None:
        hint = f"add this line to the keys file (--file=FILE does):\n{line}"
    else:
        _add(arguments.file, line)
        hint = f"its line is in {arguments.file}; SIGHUP has a running service read it"
    print(key, flush=True)
    print(hint, file=sys.stderr)


def _hash(arguments: Namespace) -> None:
    key = getpass("key: ") if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not (0 < len(key) <= keys.MAX_KEY and key.isascii() and key.isprintable()):
        raise ValueError(f"a key has 1 to {keys.MAX_KEY} printable ASCII characters")
    print(keys.entry(arguments.name, key))


def _add(path: str, line: str) -> None:
    """Append it, unless the file is none of keys, or has the name already."""
    try:
        with open(path, "a+", encoding="utf-8", newline="\n", opener=_private) as file:
            file.seek(0)
            before = file.read()
            gap = "" if before.endswith("\n") or not before else "\n"
            keys.parse(f"{before}{gap}{line}")
            file.write(f"{gap}{line}\n")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
