"""Settings on the command line: one flag a field of Config."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from dataclasses import fields

from ..config import ENVIRONMENT_PREFIX, Config, Loaded, flag, load
from . import Failure


def add_settings(parser: ArgumentParser, only: Iterable[str] | None = None) -> None:
    """A flag for each setting, or for those named in `only`."""
    group = parser.add_argument_group(
        "settings", f"each also as a variable {ENVIRONMENT_PREFIX}<NAME>; a flag beats it"
    )
    for one in fields(Config):
        if only is None or one.name in only:
            group.add_argument(
                flag(one.name),
                metavar=type(one.default).__name__.upper(),
                help=_help(one.metadata["help"], one.metadata.get("choices"), one.default),
            )


def load_settings(arguments: Namespace) -> Loaded:
    """The settings of this command line and environment. Raises `Failure` for a bad one."""
    given = vars(arguments)
    try:
        return load({one.name: given.get(one.name) for one in fields(Config)}, os.environ)
    except ValueError as error:
        raise Failure(str(error), status=2) from None


def _help(text: str, choices: Iterable[str] | None, default: object) -> str:
    among = f": {', '.join(choices)}" if choices else ""
    return f"{text}{among} (default {default})".replace("%", "%%")
