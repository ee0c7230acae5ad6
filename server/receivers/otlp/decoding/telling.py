"""Which dialect a body for /v1/traces is in."""

import re

from ....refusal import Refusal
from ...cursor import Cursor
from ...documents import JSON
from .. import PROTOBUFS
from .jsonbody import SPANS

_LOOKED_AT = 2**16
"""Bytes in which that member has to begin: it is the only one there is, and comes first."""

_WORD = re.compile(rb'"resource(?:S|_s)pans"')


def is_traces(body: bytearray, media_type: str) -> bool:
    """Whether it is OTLP: protobuf, or a JSON object with a member resourceSpans.

    It is asked of every native body: 0.8 us for 2 KB.
    """
    if media_type != JSON:
        return media_type in PROTOBUFS
    if body.startswith(b"[") or not _WORD.search(body, 0, _LOOKED_AT):
        return False
    return _has_member(body[:_LOOKED_AT])


def _has_member(text: bytearray) -> bool:
    cursor = Cursor(text)
    try:
        return cursor.is_at(b"{") and any(name in SPANS.groups for name in cursor.members())
    except Refusal:
        return False  # to be told what is wrong as a native sender
