"""Settings on the command line: one flag a field of Config."""

import os
from argparse import ArgumentParser, Namespace, _ArgumentGroup
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from ..config import Config
from ..failure import Failure
from ..loading import ENVIRONMENT_PREFIX, Loaded, flag, load


def add_settings(parser: ArgumentParser, only: Iterable[str] | None = None) -> None:
    """A flag for each setting, or for those named in `only`."""
    group = parser.add_argument_group(
        "settings", f"each also as a variable {ENVIRONMENT_PREFIX}<NAME>; a flag beats it"
    )
    for one in fields(Config):
        if only is None or one.name in only:
            _add(group, one.name, one.default, _help(one.metadata, one.default))


def _add(group: _ArgumentGroup, name: str, default: object, help: str) -> None:
    if isinstance(default, bool):  # the flag may stand alone
        group.add_argument(flag(name), metavar="yes|no", nargs="?", const="yes", help=help)
    else:
        group.add_argument(flag(name), metavar=type(default).__name__.upper(), help=help)


def load_settings(arguments: Namespace) -> Loaded:
    """The settings of this command line and environment. Raises `Failure` for a bad one."""
    given = vars(arguments)
    try:
        return load({one.name: given.get(one.name) for one in fields(Config)}, os.environ)
    except ValueError as error:
        raise Failure(str(error), status=2) from None


def _help(about: Mapping[str, Any], default: object) -> str:
    among = f": {', '.join(about['choices'])}" if "choices" in about else ""
    shown = ("no", "yes")[default] if isinstance(default, bool) else default
    said = f" (default {shown})" if shown != "" else ""
    return f"{about['help']}{among}{said}".replace("%", "%%")
