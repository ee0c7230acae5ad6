"""The command line: picks the command, and turns bad settings into one line."""

import io
import os
import re
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence

from .commands import (
    backup,
    check,
    config,
    connect,
    dead_letters,
    doctor,
    key,
    query,
    reprice,
    send_sample,
    serve,
)
from .failure import Failure
from .version import version

COMMANDS = {
    "serve": serve,
    "config": config,
    "query": query,
    "dead-letters": dead_letters,
    "key": key,
    "backup": backup,
    "check": check,
    "reprice": reprice,
    "send-sample": send_sample,
    "connect": connect,
    "doctor": doctor,
}

_ABOUT = """\
Takes the events of an LLM gateway over HTTP, answers at once, stores what it accepted
in SQLite, counts what it could not keep, and shows both to Prometheus.

Without a command it serves. "tokenweir COMMAND --help" tells more of each.
"""
_EXAMPLES = """\
examples:
  tokenweir --port=4319 --db=/var/lib/tokenweir/tokenweir.db
  tokenweir send-sample --count=5000
  tokenweir query traces --status=error --since=2h
"""
_TOP_LEVEL = ("-h", "--help", "--version")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (2 for a bad command line or setting)."""
    arguments = make_parser().parse_args(_with_command(sys.argv[1:] if argv is None else argv))
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows its escape
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = int(arguments.run(arguments))
        sys.stdout.flush()
        return status
    except Failure as error:
        print(f"tokenweir: error: {error}", file=sys.stderr)
        return error.status
    except BrokenPipeError:  # the reader of our output has gone, as with "| head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def make_parser() -> ArgumentParser:
    """The parser of all commands."""
    parser = ArgumentParser(
        "tokenweir",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tokenweir {version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name, help=command.HELP, description=command.HELP, allow_abbrev=False
        )
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


def _with_command(argv: Sequence[str]) -> list[str]:
    """`argv` with `serve` where no command stands first, and --queue_events as --queue-events."""
    plain = [re.sub(r"^--[a-z_]+", lambda m: m[0].replace("_", "-"), word) for word in argv]
    if not plain or (plain[0].startswith("-") and plain[0] not in _TOP_LEVEL):
        return ["serve", *plain]
    return plain
