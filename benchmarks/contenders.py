"""Who is measured: the bare handler, tokenweir as installed, and variants of it."""

import os
import shlex
import sys
from dataclasses import dataclass, fields

from server.config import Config

from .servers import SERVICE

BARE, DEFAULT = "bare handler", "tokenweir"
VARIANTS = {
    "without journal": ("--journal=off",),
    "without redaction": ("--redact=no",),
    "without both": ("--journal=off", "--redact=no"),
}
"""What shows the journal's share and the redaction's."""


@dataclass(frozen=True)
class Contender:
    """A command with `{port}` and `{db}`. A variant is given fewer kinds of work."""

    name: str
    command: tuple[str, ...]
    stores: bool = True
    variant: bool = False


def bare() -> Contender:
    """The yardstick."""
    command = (sys.executable, "-m", "benchmarks.bare", "{port}")
    return Contender(BARE, command, stores=False)


def layers() -> dict[str, tuple[str, ...]]:
    """Flags by name: tokenweir as installed, and on each other HTTP layer that it knows."""
    known = {one.name: one for one in fields(Config)}
    found: dict[str, tuple[str, ...]] = {DEFAULT: ()}
    if http := known.get("http"):
        others = [word for word in http.metadata["choices"] if word != http.default]
        found |= {f"--http={word}": (f"--http={word}",) for word in others}
    return found


def all_contenders() -> list[Contender]:
    """Everybody, and who is named in BENCH_WITH: `name=command;name=command`."""
    return [
        bare(),
        *(Contender(name, (*SERVICE, *flags)) for name, flags in layers().items()),
        *(Contender(name, (*SERVICE, *flags), variant=True) for name, flags in VARIANTS.items()),
        *(_given(one) for one in os.environ.get("BENCH_WITH", "").split(";") if one.strip()),
    ]


def _given(words: str) -> Contender:
    name, _, command = words.partition("=")
    return Contender(name.strip(), tuple(shlex.split(command)))
