"""Values that are written as JSON inside a text."""

import json

import orjson

from ..refusal import Refusal
from . import documents
from .reader import LARGE, PYTHONS

_SMALL = documents.WHOLE // 4  # a character takes four bytes at most
_OPENING = frozenset(("[", "{", '"'))


def parsed(value: object) -> object:
    """The value that a text is the JSON of; `value` itself where it is none, or very large."""
    if not isinstance(value, str) or value[:1] not in _OPENING or len(value) > LARGE:
        return value
    try:
        return orjson.loads(value) if len(value) <= _SMALL else _large(value)
    except orjson.JSONDecodeError:
        return _large(value)


def _large(text: str) -> object:
    encoded = bytearray(text.encode(errors="replace"))
    try:
        return PYTHONS(encoded) if documents.fits(encoded) else text
    except Refusal:
        return text


def as_json(value: object) -> str:
    r"""`value` as JSON; a text as it is, but without the \u escapes that no search would find."""
    if isinstance(value, str):
        found = parsed(value) if "\\u" in value else value
        if isinstance(found, str):
            return value
        value = found
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, TypeError, ValueError):
        return "…"
