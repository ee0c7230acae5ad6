"""Texts that are too long, of which the end says most: so the beginning is left out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

_NOTE = 64
"""Bytes that are left for the note of what is not there."""


class Ending(NamedTuple):
    """A text, and its bytes where not all of them are in it."""

    text: str
    whole_bytes: int | None = None

    def cut(self, name: str) -> dict[str, int]:
        """What `Normaliser` wants to know of a text by this name that was shortened already."""
        return {} if self.whole_bytes is None else {name: self.whole_bytes}


def ending(
    parts: Sequence[str],
    separator: str,
    max_bytes: int,
    note: Callable[[Sequence[str]], str],
    last: int = -1,
) -> Ending:
    """`parts` as one text, of `max_bytes` of UTF-8: the last ones where that is not all of them.

    `note`: what stands in the place of parts. What is from the index `last` on always stays.
    """
    costs = [len(part.encode()) + len(separator) for part in parts]
    first = _first_kept(costs, max_bytes - _NOTE, last % len(parts))
    if not first:
        return Ending(separator.join(parts))
    shown = (note(parts[:first]), *parts[first:])
    return Ending(separator.join(shown), sum(costs) - len(separator))


def _first_kept(costs: Sequence[int], left: int, last: int) -> int:
    first = len(costs)
    while first and (first > last or left >= costs[first - 1]):
        first -= 1
        left -= costs[first]
    return first
