"""Malformed requests and their answers, a family a file."""

from . import bodies, encodings, framing, heavy, http, items, litellm

CASES = [
    case
    for family in (items, bodies, litellm, http, encodings, framing, heavy)
    for case in family.CASES
]
