"""Why a connection ends before a handler has the whole of a request."""

from ..refusal import Refusal

MALFORMED = Refusal("bad_request", 400, "not a well-formed HTTP request")
LONG_HEAD = Refusal("headers_too_large", 431, "the head of the request is too long")
FULL = Refusal("busy", 503, "too many connections; try again")
