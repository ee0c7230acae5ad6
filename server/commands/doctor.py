"""`tokenweir doctor [URL]`: send a marked event as a sender would, and follow it to its row."""

import json
import os
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import Counter
from typing import get_args

from ..config import Config
from ..connecting.target import local_url
from ..doctoring.asking import Service
from ..doctoring.credentials import Credentials
from ..doctoring.rows import Database
from ..doctoring.steps import Level, Step
from ..failure import Failure
from ..loading import KEY_VARIABLE, Loaded
from .keyfile import key_in
from .settings import add_settings, load_settings
from .table import printable

HELP = "send marked events as senders do, follow them to their rows, say where they are lost"

_SENDERS = ("native", "litellm", "otel", "openclaw", "sentry")
_ALIKE = {"curl": "native", "otel-python": "otel", "otel-js": "otel", "vercel": "otel"}
"""Senders of `connect` that send as another does."""
_TIMEOUT_SECONDS = 5.0

_EXAMPLES = f"""\
One line a step: ok, WARNING or FAILED, and what to do. The exit status is 1 where one failed.
A key to send with is read from --key-file, or else from {KEY_VARIABLE}. The rows are looked for
where the database can be read on this machine; elsewhere the counters have to do.

The events stay, as rows of the provider tokenweir-doctor: a call of 2 tokens and at most
0.000001 dollars, and an error. To leave them out: WHERE provider IS NOT 'tokenweir-doctor'.

examples:
  tokenweir doctor
  tokenweir doctor http://127.0.0.1:4318 --as=openclaw --db=/var/lib/tokenweir/tokenweir.db
  tokenweir doctor https://tokenweir.example.org --key-file=laptop.key --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EXAMPLES, RawDescriptionHelpFormatter
    parser.add_argument("url", nargs="?", metavar="URL", help="default: what address and port say")
    parser.add_argument(
        "--as",
        dest="sender",
        choices=(*_SENDERS, *_ALIKE),
        help="the sender to play (default: each kind)",
    )
    parser.add_argument("--key-file", metavar="FILE", help="file of the key to send with")
    parser.add_argument("--read-key-file", metavar="FILE", help="file of the key to read /metrics")
    parser.add_argument(
        "--wait", type=float, default=10.0, metavar="S", help="seconds to wait for a row (10)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, no sum")
    add_settings(parser, only=("address", "port", "db"))


def run(arguments: Namespace) -> int:
    from ..doctoring.examine import examine  # protobuf's messages take a while to load

    loaded = load_settings(arguments)
    service, credentials = _service(arguments, loaded.config), _credentials(arguments)
    if not 0 <= arguments.wait < float("inf"):
        raise Failure("--wait must be at least 0", status=2)
    sender = _ALIKE.get(arguments.sender, arguments.sender)
    senders = [sender] if sender else list(_SENDERS)
    levels: Counter[str] = Counter()
    for step in examine(service, senders, credentials, _database(loaded), arguments.wait):
        levels[step.level] += 1
        print(_json(step) if arguments.json else _line(step), flush=True)
    if not arguments.json:
        sums = ", ".join(f"{levels[level]} {level}" for level in get_args(Level))
        print(f"{service.url}: {sums}")
    return 1 if levels["FAILED"] else 0


def _service(arguments: Namespace, config: Config) -> Service:
    if arguments.url is None and config.port == 0:
        raise Failure("port 0 is any free one: give the URL", status=2)
    try:
        url = arguments.url or local_url(config.address, config.port)
        return Service(url, _TIMEOUT_SECONDS)
    except ValueError as error:
        raise Failure(str(error), status=2) from None


def _credentials(arguments: Namespace) -> Credentials:
    read = key_in(arguments.read_key_file) if arguments.read_key_file else ""
    if arguments.key_file:
        return Credentials(key_in(arguments.key_file), read, f"that in {arguments.key_file}")
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise Failure(f"{KEY_VARIABLE} must be printable ASCII", status=2)
    return Credentials(key, read, f"that in {KEY_VARIABLE}" if key else "")


def _database(loaded: Loaded) -> Database:
    return Database(loaded.config.db, named=loaded.origins["db"] != "default")


def _json(step: Step) -> str:
    told = {name: value for name, value in step._asdict().items() if value is not None}
    return json.dumps(told, ensure_ascii=False)


def _line(step: Step) -> str:
    return f"{step.level:8} {step.about}, {step.check}: {printable(step.said)}"
