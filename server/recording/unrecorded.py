"""In the place of a Recorder, where there is no journal: nothing is covered."""

from collections.abc import Sequence

from ..events import Event
from ..store import Mark
from ..waiting import Ticket, Waiting

_NONE = Ticket()


class Unrecorded:
    """Does nothing, in every method."""

    trouble = None

    def start(self, first: int) -> None: ...

    def record(self, chunks: Sequence[Sequence[Event]]) -> tuple[list[Ticket], None]:
        return [_NONE] * len(chunks), None

    def settled(self, last: Ticket) -> None: ...

    def stored(self, safe: Mark | None) -> None: ...

    def start_over(self) -> None: ...

    def cover(self, waiting: Waiting) -> Waiting:
        return waiting

    async def flush(self, seconds: float) -> None: ...

    async def close(self, *, is_empty: bool, seconds: float) -> bool:
        return True
