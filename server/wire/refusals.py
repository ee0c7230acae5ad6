"""Why a connection ends before a handler has the whole of a request.

New ones each time, where they may be raised: one that is raised again keeps all that it came
through alive.
"""

from ..refusal import Refusal

FULL = Refusal("busy", 503, "too many connections; try again")


def malformed(why: str = "") -> Refusal:
    """It cannot be read, or in two ways."""
    return Refusal("bad_request", 400, f"not a well-formed HTTP request{why and ': '}{why}")


def long_head() -> Refusal:
    """Its head is over the limit."""
    return Refusal("headers_too_large", 431, "the head of the request is too long")
