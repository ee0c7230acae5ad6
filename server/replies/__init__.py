"""Replies: what a request is answered with once it is read, a dialect a file. No Tornado."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from ..events import Item
from ..intake import Intake
from ..receivers import Receiver


class Reply(NamedTuple):
    """An answer, and what to await before it is sent."""

    status: int
    body: bytes
    content_type: str = "application/json"
    covered: Awaitable[None] | None = None


Replier = Callable[[Intake, Sequence[Item], str], Reply]
"""Offers the items of a body of this media type. Raises `Refusal` to have it sent again."""


class Dialect(NamedTuple):
    """How a body is read, and how it is answered."""

    receiver: Receiver
    reply: Replier


Choose = Callable[[bytearray, str], Dialect]
"""The dialect of a body of this media type."""
