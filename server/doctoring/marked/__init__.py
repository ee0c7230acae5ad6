"""The requests of each sender with a marked event in them, a file a sender.

They have the path, the media type and the coding that the sender uses. PROVIDER and MODEL mark
them: `WHERE provider IS NOT 'tokenweir-doctor'` leaves them out of a sum.
"""

import secrets
from typing import Literal, NamedTuple

from ...times import now_ms

PROVIDER, MODEL = "tokenweir-doctor", "doctor"
SAID = "tokenweir doctor: a marked event, not a real one"
COST_USD = 0.000001
"""Of a call, where the sender reports costs: enough to see that they arrive."""

JSON, PROTOBUF = "application/json", "application/x-protobuf"


class Post(NamedTuple):
    """A request, and the event that it is to make; `kind` is None where it makes none."""

    path: str
    content_type: str
    body: bytes
    kind: Literal["trace", "error"] | None
    trace_id: str = ""
    """Which the row of the event has, and no other."""
    coding: str = ""


class Mark(NamedTuple):
    """What tells one event from all others."""

    trace_id: str
    """32 hex digits."""
    span_id: str
    """16 hex digits."""
    session_id: str
    at_ms: int
    """Unix ms."""


def new() -> Mark:
    """A mark that nobody has used before, of now."""
    trace_id = secrets.token_hex(16)
    return Mark(trace_id, secrets.token_hex(8), f"doctor-{trace_id[:8]}", now_ms())
