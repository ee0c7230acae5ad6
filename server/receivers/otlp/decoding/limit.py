"""How much of a request is looked at."""

from ....refusal import Refusal

_PARTS = 10
"""Fields or members around a record, at most: its resource and scope, and what they say."""


class Limit:
    """So many records a request, and so many parts that they come in.

    Parts are limited since a body of 32 MiB can have 16 million that hold no record, and nobody
    else has a turn between two records.
    """

    def __init__(self, most: int) -> None:
        self._most = self._records = most
        self._parts = _PARTS * (most + 1)

    def record(self) -> None:
        """One more. Raises `Refusal`, as `part` does."""
        self._records -= 1
        if self._records < 0:
            self._refuse()

    def part(self) -> None:
        """One more field or member that is no part of a record itself."""
        self._parts -= 1
        if self._parts < 0:
            self._refuse()

    def _refuse(self) -> None:
        message = f"more than {self._most} records in one request, or too much around them"
        raise Refusal("too_many_events", 413, message)
