"""The connection under a request, as handlers see it, whichever HTTP layer it belongs to."""

from collections.abc import Callable
from typing import Protocol

from tornado.httputil import HTTPServerRequest

from ..refusal import Refusal


def no_field(name: str) -> None:
    """The value of any header before there is a request."""


class Wire(Protocol):
    """One connection. Lives on the event loop."""

    refusal: Refusal | None
    """Why the request that is being read was refused already; None where it was not."""

    field: Callable[[str], str | None]
    """The value of a header of the request in hand, by its name in lower case."""

    @property
    def persistence(self) -> bytes:
        """The header fields that tell in an answer, given now, what becomes of the connection."""

    def begin(self, route: str, request: HTTPServerRequest) -> None:
        """A request's head has come; it is in flight, and its body must come in time."""

    def complete(self) -> None:
        """Its body has come; the answer may take its time."""

    def leave(self) -> None:
        """It is answered, or its connection is gone. May be called twice."""

    def look(self, now: float) -> None:
        """Called now and then, at `now` (monotonic seconds): end what takes too long."""

    def end(self) -> None:
        """Read no more requests, also of those sent ahead."""

    def abort(self) -> None:
        """Close at once, whatever is unwritten."""
