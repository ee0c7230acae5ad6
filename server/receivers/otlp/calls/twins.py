"""Two reports of one failed call in spans that say nothing of each other.

A call that succeeded has an id, by which they are tied; one that failed has only its times.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product

from .... import links
from .held import Held

_MOST_REPORTERS = 4
"""Instrumentations that report one call; there are two where there are more than one."""
_MOST = 1000
"""Pairs that are compared where their order does not tell them."""


class Twins:
    """The failed calls of one request that nothing names."""

    def __init__(self) -> None:
        self._calls: defaultdict[object, defaultdict[str, list[Held]]]
        self._calls = defaultdict(lambda: defaultdict(list))

    def add(self, call: Held) -> bool:
        """Whether the call is one of them."""
        named = any(key.startswith(links.SHARED) for key in call.keys)
        if call.trace.status != "error" or named:
            return False
        asked = call.service, call.trace.provider, call.trace.model
        self._calls[asked][call.scope].append(call)
        return True

    def found(self) -> Iterator[dict[str, str]]:
        """The key that both reports of a call get, by their event ids; those of a model at once."""
        for reporters in self._calls.values():
            first, *others = islice(reporters.values(), _MOST_REPORTERS)
            yield {
                call.trace.event_id: links.twin(pair[0].trace.event_id)
                for other in others
                for pair in _pairs(first, other)
                for call in pair
            }


def _pairs(ones: Sequence[Held], others: Sequence[Held]) -> Iterable[tuple[Held, Held]]:
    """Those that pair off one to one, in the order they began; else those without a rival."""
    in_order = list(zip(sorted(ones, key=_start), sorted(others, key=_start), strict=False))
    if len(ones) == len(others) and all(_are_one(*pair) for pair in in_order):
        return in_order
    if len(ones) * len(others) > _MOST:
        return []
    near = [pair for pair in product(ones, others) if _are_one(*pair)]
    rivals = Counter(call.trace.event_id for pair in near for call in pair)
    return [pair for pair in near if all(rivals[call.trace.event_id] == 1 for call in pair)]


def _start(call: Held) -> int:
    return call.start_ns


def _are_one(one: Held, other: Held) -> bool:
    """Whether one of them lasted while the other did, and both asked the same, if they say what."""
    outer, inner = sorted((one, other), key=lambda call: call.start_ns - call.end_ns)
    asked, said = one.trace.input_text or b"", other.trace.input_text or b""
    within = outer.start_ns <= inner.start_ns and inner.end_ns <= outer.end_ns
    return within and (asked in said or said in asked)
