"""Records that are worked on together, as many as cost no more than a large one does alone."""

from collections.abc import Iterator
from typing import TypeVar

from ..records import Raw

MOST = 64
BYTES = 2**17
"""On the wire. More may take the memory, and the loop's time, of more than one large record."""

Said = TypeVar("Said")


def together(raws: Iterator[Raw[Said]]) -> Iterator[list[Raw[Said]]]:
    """The same, in their order, in lists of up to MOST, or of no more than reach BYTES.

    Work that goes by its stages over such a list takes three quarters of the time: the code of
    one stage stays in the processor's cache of instructions, that of all of them does not.
    """
    found: list[Raw[Said]] = []
    size = 0
    for raw in raws:
        found.append(raw)
        size += raw.size
        if len(found) == MOST or size >= BYTES:
            yield found
            found, size = [], 0
    if found:
        yield found
