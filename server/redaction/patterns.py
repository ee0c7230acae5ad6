"""The rules, compiled: one by one, and all together for the one look that most events need."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from .engine import any_of, compiled, which_of
from .names import HEADERS, SURE, UNSURE
from .rules import BUILT_IN, Judge, Rule

MARKED = b"[redacted:"
MARKER = re.compile(re.escape(MARKED) + rb"[a-z0-9_]+\]")
_TELLING = rf"(?i:{SURE}|{HEADERS}|{UNSURE})\"\s*:\s*[\"\[]"


class Work(NamedTuple):
    """A rule, compiled. `group`: the one whose text is replaced, 0 for all."""

    name: str
    pattern: Any
    group: int
    is_secret: Judge
    marker: bytes


class Patterns:
    """What finds secrets in texts."""

    def __init__(self, own: Sequence[Rule] = ()) -> None:
        """Raises ValueError where RE2 takes a pattern of `own` for none."""
        self._own_works = [_work(rule, utf8=True) for rule in own]
        self._works = [_work(rule, utf8=False) for rule in BUILT_IN]
        self._which = which_of(tuple(rule.pattern for rule in BUILT_IN))
        # texts are looked at as lines of one: what ends at the end of a text ends at a line's
        patterns = [f"(?m:{rule.pattern})" for rule in BUILT_IN]
        self._built_in, self._in_json = any_of(patterns), any_of([*patterns, _TELLING])
        self._own = any_of((rule.pattern for rule in own), utf8=True) if own else None

    def suspect(self, text: bytes) -> bool:
        """Whether any rule may have something to replace in one of the lines of `text`."""
        return self._built_in.search(text) is not None or self._is_own(text)

    def suspect_json(self, text: bytes) -> bool:
        """The same for the members of JSON, told by their names too.

        False may only be believed where the strings of `text` stand there as they are.
        """
        return self._in_json.search(text) is not None or self._is_own(text)

    def suspects(self, texts: Sequence[bytes]) -> set[int]:
        """The places of those in `texts` that are suspect in the sense of `suspect_json`.

        They are looked at as one: a call of RE2 costs as much as 1 KB.
        """
        whole = b"\n".join(texts)
        if not self.suspect_json(whole):  # as with most
            return set()
        ends = list(accumulate(len(text) + 1 for text in texts))
        looks = filter(None, (self._in_json, self._own))
        return {place for look in looks for place in _places(look, whole, ends)}

    @property
    def names(self) -> list[str]:
        """Of all rules."""
        return [work.name for work in (*self._own_works, *self._works)]

    def works(self, text: bytes) -> Iterator[Work]:
        """What may find something in `text`, which is suspect; in the order to be done in."""
        found = self._which(text)
        yield from self._own_works
        yield from self._works if not found else (self._works[place] for place in sorted(found))

    def _is_own(self, text: bytes) -> bool:
        return self._own is not None and self._own.search(text) is not None

    @property
    def has_own(self) -> bool:
        return self._own is not None


def _places(look: Any, whole: bytes, ends: Sequence[int]) -> Iterator[int]:
    """Where in `whole` a match begins, by the lines that end at `ends`, each line once."""
    at = 0
    while (found := look.search(whole, at)) is not None:
        place = bisect_right(ends, found.start() + 1)  # what begins with the break is behind it
        yield place
        at = ends[place]
        if place == len(ends) - 1:
            return


def _work(rule: Rule, utf8: bool) -> Work:
    pattern = compiled(rule.pattern, utf8=utf8)
    group = min(pattern.groups, 1)
    return Work(rule.name, pattern, group, rule.is_secret, marker(rule.name))


def marker(rule: str) -> bytes:
    """What stands for a secret, as MARKER finds it."""
    return MARKED + rule.encode() + b"]"
