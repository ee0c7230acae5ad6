"""`tokenweir connect SENDER`: print what has that sender send to this service."""

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from types import ModuleType

from ..connecting import curl, litellm, openclaw, otel_js, otel_python, sentry, vercel
from ..connecting.fill import fill
from ..connecting.target import VARIABLE, local_url, parse
from ..failure import Failure
from ..loading import KEY_VARIABLE
from .keyfile import key_in
from .settings import add_settings, load_settings

HELP = "print settings that have a sender send here, ready to paste"

SENDERS: dict[str, ModuleType] = {
    "openclaw": openclaw,
    "litellm": litellm,
    "otel-python": otel_python,
    "otel-js": otel_js,
    "vercel": vercel,
    "sentry": sentry,
    "curl": curl,
}

_EXAMPLES = f"""\
Lines that begin with # say where the others go. Without SENDER it lists those that it knows.
A key is asked for where ingest_keys_file or {KEY_VARIABLE} is set: the settings then name the
variable. Only a key in --key-file is printed itself.

examples:
  tokenweir connect litellm
  tokenweir connect openclaw --url=https://tokenweir.example.org --key-file=openclaw.key
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.epilog, parser.formatter_class = _EXAMPLES, RawDescriptionHelpFormatter
    parser.add_argument("sender", nargs="?", choices=tuple(SENDERS), metavar="SENDER")
    parser.add_argument("--url", help="the service (default: what address and port say)")
    parser.add_argument("--key-file", metavar="FILE", help="file of the key to send with")
    parser.add_argument(
        "--with-key", action="store_true", help=f"have the settings name {KEY_VARIABLE}"
    )
    add_settings(parser, only=("address", "port", "ingest_keys_file"))


def run(arguments: Namespace) -> int:
    if arguments.sender is None:
        for name, sender in SENDERS.items():
            print(f"{name:12} {sender.ABOUT}")
        return 0
    config = load_settings(arguments).config
    if arguments.url is None and config.port == 0:
        raise Failure("port 0 is any free one: give --url", status=2)
    url = arguments.url or local_url(config.address, config.port)
    try:
        target = parse(url, _key(arguments, bool(config.ingest_keys_file)))
        text = fill(SENDERS[arguments.sender].TEXT, target)
    except ValueError as error:
        raise Failure(str(error), status=2) from None
    print(text)
    if target.key == VARIABLE:
        print(f"{KEY_VARIABLE} must hold a key: tokenweir key new NAME", file=sys.stderr)
    return 0


def _key(arguments: Namespace, asked_for: bool) -> str:
    """The key itself, the name of its variable, or nothing where none is asked for."""
    if arguments.key_file is not None:
        return key_in(arguments.key_file)
    named = arguments.with_key or asked_for or os.environ.get(KEY_VARIABLE)
    return VARIABLE if named else ""
