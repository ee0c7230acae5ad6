"""Which reports are one call: a function of the reports alone, in whatever order they came."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ... import links
from ...events import Trace
from .nesting import Nesting
from .reports import fills, has_tokens, ids, is_usage, told
from .twins import grouped

_SOURCES = ("otlp", "litellm")
"""Whose ids tie the most to the call: a span's, then a callback's, then the others'."""


class Call(NamedTuple):
    """One call: its reports, the best one first, and what only fills it."""

    reports: tuple[Trace, ...]
    fillers: tuple[Trace, ...] = ()

    @property
    def best(self) -> Trace:
        return self.reports[0]

    @property
    def all(self) -> tuple[Trace, ...]:
        return self.reports + self.fillers


class Layout(NamedTuple):
    """The calls, and the reports that only add up others."""

    calls: list[Call]
    sums: list[Trace]


def lay_out(reports: Collection[Trace], known_sums: Collection[str] = ()) -> Layout:
    """What the `reports` tell of. `known_sums`: event ids of those that are known to add up."""
    ordered = sorted(reports, key=_place)
    own = [report for report in ordered if not is_usage(report) and not fills(report)]
    nesting = Nesting([sorted(group, key=_place) for group in grouped(own)], known_sums)
    calls = [Call(tuple(group)) for group in nesting.calls()]
    usages = [report for report in ordered if is_usage(report)]
    useless = [usage for usage in usages if not _give(usage, usages, calls)]
    pieces = [report for report in ordered if fills(report)]
    return Layout([_with_pieces(call, pieces) for call in calls], [*nesting.sums, *useless])


def _place(report: Trace) -> tuple[int, float, float, str]:
    """What wraps another lasts longer, or began before it; the id decides between equals."""
    source = _SOURCES.index(report.source) if report.source in _SOURCES else len(_SOURCES)
    return source, -(report.latency_ms or 0.0), _start(report), report.event_id


def _start(report: Trace) -> float:
    return float("inf") if report.started_at is None else report.started_at


def _give(usage: Trace, usages: Sequence[Trace], calls: list[Call]) -> bool:
    """Put a turn's usage where it counts; False where its calls have tokens of their own.

    The last call gets it: but of several usages nobody knows which calls they are of.
    """
    turn = [at for at, call in enumerate(calls) if _is_of(call, usage)]
    if any(has_tokens(report) for at in turn for report in calls[at].reports):
        return False
    alone = sum(one.trace_id == usage.trace_id for one in usages) == 1
    if turn and alone:
        last = max(turn, key=lambda at: (_start(calls[at].best), calls[at].best.event_id))
        calls[last] = calls[last]._replace(fillers=(usage,))
    else:
        calls.append(Call((usage,)))
    return True


def _is_of(call: Call, usage: Trace) -> bool:
    """Whether it is a call of that turn."""
    return not is_usage(call.best) and any(one.trace_id == usage.trace_id for one in call.reports)


def _with_pieces(call: Call, pieces: Sequence[Trace]) -> Call:
    known = ids(call.reports)
    found = [piece for piece in pieces if fills(piece) in known]
    found.sort(key=lambda piece: (told(piece, links.AT), piece.event_id))
    return call._replace(fillers=(*call.fillers, *found))
