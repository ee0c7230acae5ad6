"""Lines of the table of conventions, and how they are looked up."""

from collections.abc import Mapping
from typing import NamedTuple

from .readers import Reader


class Line(NamedTuple):
    """An attribute, and how it is read. `whole`: whether nothing is left of it to tell."""

    attribute: str
    read: Reader
    whole: bool = True


def part(attribute: str, read: Reader) -> Line:
    """A line for one thing that an attribute says among others."""
    return Line(attribute, read, whole=False)


Use = tuple[int, str, int, Reader, bool]
"""A line as it is looked up: which table has it, the member that it is for, its place among that
one's lines, its reader, and whether it is whole. Plain, since a named one takes three times as
long to unpack."""


def by_attribute(*tables: Mapping[str, tuple[Line, ...]]) -> Mapping[str, tuple[Use, ...]]:
    """What each attribute is used for."""
    uses: dict[str, list[Use]] = {}
    for number, table in enumerate(tables):
        for member, lines in table.items():
            for place, (attribute, read, whole) in enumerate(lines):
                uses.setdefault(attribute, []).append((number, member, place, read, whole))
    return {attribute: tuple(found) for attribute, found in uses.items()}
