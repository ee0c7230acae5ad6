"""What is too old, or stands empty: rows, dead letters, parts, keys, texts and pages."""

from collections import deque
from functools import partial

from ..call_numbers import oldest
from .expiry import delete_letters, delete_rows
from .limits import Limits
from .pace import Pace
from .parting import KEY_MS, PART_SECONDS, delete_keys, delete_parts
from .slices import Sight, Slice
from .space import can_give_back, give_back, is_spare
from .walk import Walk

MOST_TEXTS, MOST_PAGES, MOST_KEYS = 100, 100, 2000
"""In a slice, however quick: rows that only lose their texts are written again, keys are small."""
LATE_MS = 10_000
"""What is due for less does not count as left: while events come steadily there is always some."""


class Age:
    """Whose turn it is. For the store's thread.

    While events come steadily some row is always due, and the rest is not to wait for that.
    """

    def __init__(self, limits: Limits, rows: Pace, letters: Pace, parts: Pace) -> None:
        self._limits, self._rows, self._letters, self._parts = limits, rows, letters, parts
        self._texts, self._pages = Pace(MOST_TEXTS), Pace(MOST_PAGES)
        self._keys = Pace(MOST_KEYS)
        self.walk = Walk()
        old = (self._old_rows, self._old_letters, self._old_parts, self._old_keys, self._old_texts)
        self._turns = deque((*old, self._spare_pages))

    def due(self, now: Sight) -> Slice | None:
        """What to do in this turn; who has nothing to do is passed over."""
        slices = (turn(now) for turn in self._turns)
        return next((found for found in slices if found), None)

    def is_late(self, now: Sight) -> bool:
        """Whether anything is left that was due LATE_MS ago."""
        return self.due(now._replace(ms=now.ms - LATE_MS)) is not None

    def next_turn(self) -> None:
        """To be told after each slice of these."""
        self._turns.rotate(-1)

    def _old_rows(self, now: Sight) -> Slice | None:
        before = _before(now.ms, self._limits.row_seconds)
        if now.row < before:
            return Slice(self._rows, partial(delete_rows, before_ms=before))
        return None

    def _old_letters(self, now: Sight) -> Slice | None:
        before = _before(now.ms, self._limits.row_seconds)
        if now.letter < before:
            return Slice(self._letters, partial(delete_letters, before_ms=before))
        return None

    def _old_parts(self, now: Sight) -> Slice | None:
        """After an hour, also where rows are kept for ever: they hold texts, and rows for less."""
        limits = (PART_SECONDS, self._limits.row_seconds, self._limits.text_seconds)
        before = _before(now.ms, min(filter(None, limits)))
        if now.part < before:
            return Slice(self._parts, partial(delete_parts, before_ms=before))
        return None

    def _old_keys(self, now: Sight) -> Slice | None:
        before = oldest(now.ms - KEY_MS)
        if now.key < before:
            return Slice(self._keys, partial(delete_keys, before=before))
        return None

    def _old_texts(self, now: Sight) -> Slice | None:
        """Not of rows that are to be deleted anyway."""
        rows = _before(now.ms, self._limits.row_seconds)
        texts = _before(now.ms, self._limits.text_seconds)
        kind = self.walk.next_kind(now.db, now.oldest, rows, texts)
        if kind is None:
            return None
        step = partial(self.walk.step, kind=kind, from_ms=rows, before_ms=texts)
        return Slice(self._texts, step)

    def _spare_pages(self, now: Sight) -> Slice | None:
        if is_spare(now.space, self._limits) and can_give_back(now.db):
            return Slice(self._pages, give_back)
        return None


def _before(ms: int, seconds: float) -> int:
    """Unix ms; before anything that is stored where nothing ever expires."""
    return ms - int(seconds * 1000) if seconds else -(2**63)
