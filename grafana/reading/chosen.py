"""What is chosen in a dashboard's variables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .dashboards import ALL, Dashboard, Variable

Picks = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Chosen:
    """The value of a variable: `several` where it may have more than one, `verbatim` where All
    has a value of its own, which Grafana puts in as it is, whatever the format."""

    parts: tuple[str, ...]
    several: bool = False
    verbatim: bool = False


def choose(
    dashboard: Dashboard, picks: Picks, options: Mapping[str, Sequence[str]]
) -> dict[str, Chosen]:
    """The value of each variable: picked, or else what the file has as current.

    `options` are the answers to the variables' queries; All without a value of its own is all of
    them, and a variable without any pick is the first of them, as in Grafana.
    """
    return {
        one.name: _choose(one, picks.get(one.name, one.current), options.get(one.name, ()))
        for one in dashboard.variables
    }


def _choose(variable: Variable, pick: str | Sequence[str], options: Sequence[str]) -> Chosen:
    parts = (pick,) if isinstance(pick, str) else tuple(pick)
    several = variable.multi or variable.with_all
    if not parts and variable.type != "textbox":
        parts = tuple(options[:1])
    if parts == (ALL,):
        if variable.all_value:
            return Chosen((variable.all_value,), several, verbatim=True)
        parts = tuple(options)
    return Chosen(parts or ("",), several)
