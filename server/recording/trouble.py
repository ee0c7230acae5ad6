"""What keeps records from the journal: remembered while it lasts, counted, and logged."""

import errno
import logging
import time

from ..metrics.journal import JournalMetrics

logger = logging.getLogger(__name__)

QUIET_SECONDS = 60.0
"""Trouble that comes and goes is logged no oftener than this."""

_REASONS = {errno.ENOSPC: "disk_full", errno.EDQUOT: "disk_full", errno.EFBIG: "disk_full"}


class Trouble:
    """Lives on the event loop; `said` may be read by any thread."""

    def __init__(self, metrics: JournalMetrics) -> None:
        self._metrics = metrics
        self._told = -QUIET_SECONDS
        self._is_told = False
        self.said: str | None = None
        """What is wrong; None while all is well."""

    def fail(self, error: Exception) -> None:
        """A call of the disk failed."""
        code, said = 0, type(error).__name__  # what else it says may quote an event
        if isinstance(error, OSError):
            code, said = error.errno or 0, error.strerror or str(error)
        self._metrics.errors[_REASONS.get(code, "io_error")].inc()
        self.say(f"cannot be written: {said}")

    def say(self, trouble: str) -> None:
        """Something is wrong until `over`."""
        self.said = trouble
        if not self._is_told and time.monotonic() - self._told > QUIET_SECONDS:
            self._told, self._is_told = time.monotonic(), True
            logger.warning("the journal %s; events are answered before it has them", trouble)

    def over(self) -> None:
        """Nothing is, any more."""
        self.said = None
        if self._is_told:
            self._is_told = False
            logger.info("the journal covers events again")
