"""The metadata column: a JSON object of bounded size, with the members that we add."""

import re
from operator import itemgetter
from typing import Any

import orjson

from .events import MAX_MESSAGE, Invalid
from .nesting import nests_deeper

MAX_DEPTH = 64
"""Deepest nesting of an event, its own object included."""

MAX_MEMBERS = 1000

_RESERVED = ("extra", "truncated", "ingest_key", "price_table", "metered")
_RESERVED_NAMES = frozenset(_RESERVED)

_NESTED = "attributes"
"""The member in which an OTLP span's attributes are kept."""

_PATH = "/metadata"
_TOO_DEEP = f"must not be nested over {MAX_DEPTH} deep"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def parse(member: str, value: object) -> dict[str, Any]:
    """Metadata as it was sent: an object, or a string that holds one or is empty."""
    if isinstance(value, str):
        value = _parse_text(value) if value.strip() else {}
    if not isinstance(value, dict):
        raise Invalid("schema_invalid", _PATH, "must be an object, or a string that holds one")
    return value


def _parse_text(text: str) -> object:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise Invalid("schema_invalid", _PATH, "must hold a JSON object") from None


def encode(
    sent: dict[str, Any] | None, extra: dict[str, Any], cut: dict[str, int], limit: int
) -> bytes | None:
    """JSON of what was `sent` with the reserved members, about `limit` bytes at most; or None.

    `extra` are the unknown top-level members of the event, `cut` its shortened texts with their
    original size in bytes. Raises `Invalid` for what cannot be stored.
    """
    if not sent and not extra and not cut:
        return None
    metadata = _with_extra(sent or {}, extra)
    try:
        text = _dump(metadata, extra, sent)
    except Invalid as fault:
        raise Invalid(fault.reason, _culprit(extra), fault.message) from None
    if cut or len(text) > limit:
        text = _fitted(metadata, text, cut, limit)
    return _copied(text)


def encode_again(metadata: dict[str, Any], limit: int) -> bytes:
    """What `encode` made, once it is scrubbed: it may have grown."""
    cut = metadata.pop("truncated", {})
    return _copied(_fitted(metadata, orjson.dumps(metadata), cut, limit))


def _fitted(metadata: dict[str, Any], text: bytes, cut: dict[str, int], limit: int) -> bytes:
    """`text`, which is the JSON of `metadata`, or JSON of less where that is too long."""
    if len(text) > limit:
        cut = {"metadata": len(text), **cut}  # what was shortened already keeps its first size
        metadata = _shrink(metadata, len(text) - limit)
    if cut:
        text = orjson.dumps({**metadata, "truncated": cut})
    if len(text) > limit + 256:
        text = orjson.dumps({"truncated": cut})
    return text


def _copied(text: bytes) -> bytes:
    """A copy: orjson's own goes on holding 64 KiB."""
    return memoryview(text).tobytes()


def sign(metadata: bytes | None, key: str) -> bytes:
    """What `encode` made, with the name of the key that the event was sent with."""
    return with_member(metadata, "ingest_key", key)


def with_member(metadata: bytes | None, name: str, value: str) -> bytes:
    """What `encode` made, with a reserved member behind it that it has not yet."""
    member = b'{"%s":%s}' % (name.encode(), orjson.dumps(value))
    return member if metadata in (None, b"{}") else metadata[:-1] + b"," + member[1:]


def _with_extra(sent: dict[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
    """`sent` with the unknown members in `extra`, where the sender's own reserved ones go too."""
    if not unknown and _RESERVED_NAMES.isdisjoint(sent):  # as in most events
        return sent
    reserved = {name: sent[name] for name in _RESERVED if name in sent}
    if not unknown and reserved.keys() <= {"extra"}:
        return sent
    theirs = reserved.pop("extra", {})
    extra = theirs if isinstance(theirs, dict) else {"extra": theirs}
    kept = {name: value for name, value in sent.items() if name not in reserved}
    return {**kept, "extra": {**extra, **reserved, **unknown}}


def _culprit(extra: dict[str, Any]) -> str:
    """JSON Pointer of the unknown member that cannot be stored, else of the metadata."""
    for name, value in extra.items():
        try:
            _dump(value, {name: value}, None)
        except Invalid:  # a name that is unfit itself is the metadata's fault
            pointer = "/" + name.replace("~", "~0").replace("/", "~1")
            return pointer if len(pointer) <= MAX_MESSAGE else _PATH
    return _PATH


def _dump(value: object, extra: dict[str, Any], sent: dict[str, Any] | None) -> bytes:
    """JSON of `value`, which stands for the nested members of an event."""
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError:
        message = "must hold Unicode text and 64-bit integers only"
        is_deep = nests_deeper({**extra, "metadata": sent}, MAX_DEPTH)
        raise Invalid("unstorable", _PATH, _TOO_DEEP if is_deep else message) from None
    may_be_deep = text.count(b"{") + text.count(b"[") >= MAX_DEPTH - 1
    if may_be_deep and nests_deeper({**extra, "metadata": sent}, MAX_DEPTH):
        raise Invalid("unstorable", _PATH, _TOO_DEEP)
    if b"\\u0000" in text and _NUL.search(text):
        raise Invalid("unstorable", _PATH, "must not contain NUL characters")
    return text


def _shrink(metadata: dict[str, Any], excess: int) -> dict[str, Any]:
    """`metadata` with its largest members replaced by a marker until `excess` bytes are gone.

    Nothing is left of more than MAX_MEMBERS: their markers would be no shorter than they are.
    """
    if len(metadata) > MAX_MEMBERS:
        return {}
    metadata = dict(metadata)
    for size, name, members in _largest(metadata):
        if excess <= 0:
            break
        marker = f"[removed: {size} bytes]"
        if len(marker) + 2 < size:
            members[name] = marker
            excess -= size - len(marker) - 2
    return metadata


def _largest(metadata: dict[str, Any]) -> list[tuple[int, str, dict[str, Any]]]:
    """Bytes and name of each member and where it is, the largest first.

    Those of `attributes` are weighed one by one, since they are many and the small ones tell
    most. What is left of it goes last.
    """
    found = _weighed(metadata)
    nested = metadata.get(_NESTED)
    if not isinstance(nested, dict) or len(nested) > MAX_MEMBERS:
        return sorted(found, key=itemgetter(0), reverse=True)
    metadata[_NESTED] = nested = dict(nested)
    last = [one for one in found if one[1] == _NESTED]
    found = [one for one in found if one[1] != _NESTED] + _weighed(nested)
    return sorted(found, key=itemgetter(0), reverse=True) + last


def _weighed(members: dict[str, Any]) -> list[tuple[int, str, dict[str, Any]]]:
    return [(len(orjson.dumps(value)), name, members) for name, value in members.items()]
