"""Calls within calls: one within another is the same, two within another are what it adds up."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from ... import links
from ...events import Trace
from .reports import above, ids, shared

_OTHERS = ("embeddings", "rerank")
"""Operations that do not answer."""
Group = list[Trace]
"""Reports of one call, by themselves."""


class Nesting:
    """Groups under the groups that their reports' spans stand under."""

    def __init__(self, groups: Sequence[Group], known_sums: Collection[str]) -> None:
        """`known_sums`: event ids of reports that are known to add up others."""
        self._groups, self._known = groups, known_sums
        self._place = {id_: at for at, group in enumerate(groups) for id_ in ids(group)}
        self._above = [self._find(at) for at in range(len(groups))]
        self._within: defaultdict[int | None, list[int]] = defaultdict(list)
        for at in range(len(groups)):
            self._within[None if self._is_circle(at) else self._above[at]].append(at)
        self.sums: list[Trace] = []
        """The reports that add up others, once `calls` was asked."""

    def calls(self) -> list[Group]:
        """The reports of each call, the outer ones first."""
        return [call for at in self._within[None] for call in self._calls(at)[0]]

    def _find(self, at: int) -> int | None:
        places = (self._place.get(id_) for report in self._groups[at] for id_ in above(report))
        near = (place for place in places if place is not None and place != at)
        return next((place for place in near if self._does(place) == self._does(at)), None)

    def _does(self, at: int) -> set[str | None]:
        """What it does where that is not to answer: who answers may embed, by another call."""
        return {one.operation for one in self._groups[at] if one.operation in _OTHERS}

    def _is_circle(self, at: int) -> bool:
        """Whether it stands under itself, which no real span does."""
        seen, up = {at}, self._above[at]
        while up is not None and up not in seen:
            seen.add(up)
            up = self._above[up]
        return up == at

    def _calls(self, at: int) -> tuple[list[Group], bool]:
        """The calls of a group and all below it, and whether it only adds them up."""
        group = self._groups[at]
        below = [self._calls(inner) for inner in self._within[at]]
        calls = [call for found, _ in below for call in found]
        is_sum = any(adds_up for _, adds_up in below) or not ids(group).isdisjoint(self._known)
        if is_sum or len(calls) > 1:
            self.sums += group
            return calls, True
        if calls and _are_two(group, calls[0]):
            return [group, *calls], False
        return [group + calls[0] if calls else group], False


def _are_two(outer: Group, inner: Group) -> bool:
    """Whether they have other answers and other counts: a tool called a model within a call."""
    answers, counts = (_answers(outer), _answers(inner)), (_counts(outer), _counts(inner))
    return all(mine and theirs and mine.isdisjoint(theirs) for mine, theirs in (answers, counts))


def _answers(group: Group) -> set[str]:
    return {key for one in group for key in shared(one) if key.startswith(links.RESPONSE)}


def _counts(group: Group) -> set[int]:
    return {one.completion_tokens for one in group if one.completion_tokens is not None}
