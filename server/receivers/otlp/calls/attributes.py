"""The attributes of a model call, sorted into what they mean and what nobody knows."""

from typing import Any, NamedTuple

from ..records import Attributes
from ..texts.carriers import CARRIERS, FAMILIES
from .conventions import USES

_NOUGHT = frozenset(("", "None", "null", "[]", "{}"))
"""What some senders write where they have nothing to say."""
_VECTORS = ("embeddings", "embedding.embeddings")
_KNOWN = {**dict.fromkeys((*CARRIERS, *_VECTORS), ()), **USES}
"""The lines of each attribute; none of those that carry a text, or vectors."""
_DROPPED = (*FAMILIES, "embedding.embeddings.", "ai.embedding")
"""How the names begin of attributes that are texts, which have a column, and of vectors."""


_TEXTS_USED = CARRIERS & USES.keys()
"""Texts of which a line reads something; they are not kept either."""


class Told(NamedTuple):
    """What attributes tell: of columns, of members of the metadata, and by their own names."""

    columns: dict[str, Any]
    metadata: dict[str, Any]
    rest: Attributes


def read(attributes: Attributes) -> Told:
    """Each member as the first of its lines tells it; the rest is what no line took."""
    tables: tuple[Attributes, Attributes] = {}, {}
    rest: Attributes = {}
    places: dict[str, int] = {}
    claims = []
    for attribute, value in attributes.items():
        uses = _KNOWN.get(attribute)
        if attribute.startswith(_DROPPED) if uses is None else not uses:
            continue
        if value in _NOUGHT if type(value) is str else not value and value != 0:
            continue
        rest[attribute] = value
        for number, member, place, reader, whole in uses or ():
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
