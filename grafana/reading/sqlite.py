"""SQL as the plugin frser-sqlite-datasource runs it.

First Grafana's page puts the variables in, then the plugin its macros: see "Macros" in
https://github.com/fr-ser/grafana-sqlite-datasource/blob/main/README.md and pkg/plugin/macros.go.
The macros look for text, so no argument may have a parenthesis in it, and the interval must be
a number once the variables are in: `$__interval_ms` is one, `$__interval_ms / 1000` is none.
"""

import re
from collections.abc import Mapping

from .chosen import Chosen
from .formats import as_glob, put_in
from .windows import Window

_MACRO = re.compile(r"\$__unixEpochGroupSeconds\(([^)]*)\)")


def resolve(sql: str, chosen: Mapping[str, Chosen], window: Window, least_ms: int = 1) -> str:
    """A query, of a panel or a variable, with its variables and macros.

    `least_ms` is the panel's "Min interval". Raises ValueError where the plugin would answer with
    an error.
    """
    own = {name: Chosen((value,)) for name, value in window.variables(least_ms).items()}
    return _MACRO.sub(_grouped, put_in(sql, {**chosen, **own}, as_glob))


def _grouped(use: re.Match[str]) -> str:
    """The time, cut down to whole intervals; in the unit of the column, whatever its name says."""
    column, interval, *fill = (argument.strip() for argument in use[1].split(","))
    if fill and [one.lower() for one in fill] != ["null"]:
        raise ValueError(f"gaps are filled with NULL only: {use[0]}")
    return f"cast(({column} / {int(interval)}) as int) * {int(interval)}"
