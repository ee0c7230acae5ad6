"""Whether two reports can be of one call."""

from collections.abc import Sequence

from ... import links
from ...events import Trace
from .reports import reporter, shared, span_of, told

SLACK_MS = 1000.0
"""By which the clocks of two reporters may differ. LiteLLM's have one, and its attempts at a call
follow each other."""


def grouped(reports: Sequence[Trace]) -> list[list[Trace]]:
    """The reports that share keys and fit each other, together; the nearest in time first."""
    groups = [[report] for report in reports if not shared(report)]
    for report in filter(shared, reports):
        joined = [report]
        for group in sorted(groups, key=lambda group: _apart(report, group[0])):
            if _share(joined, group) and _fit(joined, group):
                joined = [*group, *joined]
                group.clear()
        groups = [*filter(None, groups), joined]
    return groups


def _apart(one: Trace, other: Trace) -> float:
    """Milliseconds between their beginnings."""
    return abs((one.started_at or 0) - (other.started_at or 0))


def _share(one: Sequence[Trace], other: Sequence[Trace]) -> bool:
    return not _keys(one).isdisjoint(_keys(other))


def _keys(reports: Sequence[Trace]) -> set[str]:
    return {key for report in reports for key in shared(report)}


def _fit(one: Sequence[Trace], other: Sequence[Trace]) -> bool:
    return all(_are_compatible(mine, theirs) for mine in one for theirs in other)


def _are_compatible(one: Trace, other: Trace) -> bool:
    """No reporter tells of a call twice, and what is told of a call is of the same time.

    Caches and some servers answer two calls with one id, and LiteLLM gives one to all attempts.
    """
    mine, theirs = told(one, links.LITELLM), told(other, links.LITELLM)
    if mine and theirs and (mine != theirs or one.status != other.status):
        return False
    slack_ms = 0.0 if mine and theirs else SLACK_MS
    return reporter(one) != reporter(other) and _overlap(one, other, slack_ms)


def _overlap(one: Trace, other: Trace, slack_ms: float) -> bool:
    mine, theirs = span_of(one), span_of(other)
    if mine is None or theirs is None:
        return True
    return mine[0] <= theirs[1] + slack_ms and theirs[0] <= mine[1] + slack_ms
