"""Where a stream is cut on its way."""

from itertools import pairwise
from random import Random

_WHOLE_BYTES = 300
"""Longest stream that is also sent a byte at a time."""


def cut(random: Random, data: bytes) -> list[bytes]:
    """The stream in parts: half of the cuts are beside what ends a line, a head or a chunk."""
    if len(data) < _WHOLE_BYTES and random.random() < 0.03:
        return [data[n : n + 1] for n in range(len(data))]
    places = {_place(random, data) for _ in range(random.choice((1, 1, 2, 3, 5)))}
    cuts = [0, *sorted(places - {0, len(data)}), len(data)]
    return [data[start:end] for start, end in pairwise(cuts)]


def _place(random: Random, data: bytes) -> int:
    at = random.randrange(len(data) + 1)
    if random.random() < 0.5:
        found = data.find(random.choice((b"\r\n", b"\n", b"\r\n\r\n", b"\r", b":", b"0")), at)
        at = found + random.choice((0, 1, 1, 2, 3)) if found >= 0 else at
    return min(at, len(data))
