"""Puts what was measured into the document: between markers, all else stays as it is."""

import re

_PLACE = "<!-- measured: {} -->\n"
_END = "<!-- end -->"


def filled(document: str, tables: dict[str, str]) -> str:
    """The document with these tables. Raises ValueError where one has no place in it."""
    for name, table in tables.items():
        start = re.escape(_PLACE.format(name))
        there = re.compile(f"({start}).*?({re.escape(_END)})", re.DOTALL)
        places = there.findall(document)
        if len(places) != 1:
            raise ValueError(f"{len(places)} places for the table {name!r}")
        before, after = there.split(document)[:: there.groups + 1]
        document = f"{before}{places[0][0]}{table}\n{places[0][1]}{after}"
    return document
