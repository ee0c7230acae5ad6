"""The log lines of a large clean-up: one as it begins, one as it ends."""

import logging
import time

from .store import Trimmed

logger = logging.getLogger(__name__)

LARGE_SECONDS = 3.0
"""A clean-up that takes longer is told of."""
QUIET_SECONDS = 300.0
"""And no other one for so long: at the limit of the storage there is always something to do."""


class Sweep:
    """From the first slice to the one that finds nothing more to do."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._is_told, self._told = False, -QUIET_SECONDS
        self._deleted = self._blanked = self._size = 0

    def note(self, trimmed: Trimmed) -> None:
        """A slice, or a look that found nothing to do."""
        now = time.monotonic()
        if trimmed.more and self._begun is None:
            self._begun, self._deleted = now, 0
            self._blanked, self._size = trimmed.blanked, trimmed.size
        self._deleted += trimmed.deleted.total()
        if trimmed.more:
            self._tell(now)
        else:
            self._end(trimmed)

    def _tell(self, now: float) -> None:
        is_due = self._begun is not None and now - self._begun > LARGE_SECONDS
        if is_due and not self._is_told and now - self._told > QUIET_SECONDS:
            self._is_told, self._told = True, now
            logger.info("deleting what is older than retention_days or over max_storage_bytes")

    def _end(self, trimmed: Trimmed) -> None:
        if self._is_told:
            back = max(0, self._size - trimmed.size) / 2**20
            blanked = trimmed.blanked - self._blanked
            said = "deleted %d rows and the texts of %d, and gave back %.1f MiB"
            logger.info(said, self._deleted, blanked, back)
        self._begun, self._is_told = None, False
