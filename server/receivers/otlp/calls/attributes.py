"""The attributes of a model call, sorted into what they mean and what nobody knows."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from ..records import Attributes
from ..texts.carriers import CARRIERS, FAMILIES
from .conventions import USES
from .lines import Use

_NOUGHT = frozenset(("", "None", "null", "[]", "{}"))
"""What some senders write where they have nothing to say."""
_VECTORS = ("embeddings", "embedding.embeddings")
_KNOWN = {**dict.fromkeys((*CARRIERS, *_VECTORS), ()), **USES}
"""The lines of each attribute; none of those that carry a text, or vectors."""
_DROPPED = (*FAMILIES, "embedding.embeddings.", "ai.embedding")
"""How the names begin of attributes that are texts, which have a column, and of vectors."""


_TEXTS_USED = CARRIERS & USES.keys()
"""Texts of which a line reads something; they are not kept either."""

_SHORT, _FEW = 2048, 100
"""Characters of all names of a span together, and names, of which is remembered how they are read:
a name takes 0.1 KB, however short."""


class Told(NamedTuple):
    """What attributes tell: of columns, of members of the metadata, and by their own names."""

    columns: dict[str, Any]
    metadata: dict[str, Any]
    rest: Attributes


Step = tuple[str, Use | None, tuple[Use, ...]]
"""An attribute that is read, and its lines: the only one, where no other attribute of the span
has one for the same member and nothing is left of it to tell; or all of them."""


def read(attributes: Attributes) -> Told:
    """Each member as the first of its lines tells it; the rest is what no line took."""
    tables: tuple[Attributes, Attributes] = {}, {}
    rest: Attributes = {}
    places: dict[str, int] = {}
    claims = []
    for attribute, only, uses in _steps(attributes):
        value = attributes[attribute]
        if value in _NOUGHT if type(value) is str else not value and value != 0:
            continue
        if only is not None:
            said = only[3](value)
            if said is None:
                rest[attribute] = value
            else:
                tables[only[0]][only[1]] = said
            continue
        rest[attribute] = value
        for number, member, place, reader, whole in uses:
            said = reader(value)
            if said is None:
                continue
            if place <= places.get(member, place):
                places[member] = place
                tables[number][member] = said
            if whole:
                claims.append((attribute, tables[number], member, said))
    for attribute, members, member, said in claims:
        if members[member] == said:
            del rest[attribute]
    for attribute in _TEXTS_USED & rest.keys():
        del rest[attribute]
    return Told(*tables, rest)


def _steps(attributes: Attributes) -> list[Step]:
    """How the attributes are read: most spans have the names of one before them."""
    names = "\0".join(attributes)
    is_usual = len(names) <= _SHORT and len(attributes) <= _FEW
    return _remembered(names) if is_usual else _found(attributes)


@lru_cache(maxsize=256)  # of at most 10 MB, whatever is sent
def _remembered(names: str) -> list[Step]:
    return _found(names.split("\0") if names else ())


def _found(names: Iterable[str]) -> list[Step]:
    known = {name: uses for name in names if (uses := _uses(name)) is not None}
    wanted = Counter(use[:2] for uses in known.values() for use in uses)
    return [
        (name, uses[0] if _is_only(uses, wanted) else None, uses) for name, uses in known.items()
    ]


def _uses(name: str) -> tuple[Use, ...] | None:
    """Its lines; None where it is not kept either."""
    uses = _KNOWN.get(name)
    if uses is None:
        return None if name.startswith(_DROPPED) else ()
    return uses or None


def _is_only(uses: tuple[Use, ...], wanted: Counter[tuple[int, str]]) -> bool:
    return len(uses) == 1 and uses[0][4] and wanted[uses[0][:2]] == 1
