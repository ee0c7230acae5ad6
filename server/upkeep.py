"""Has the store delete what is too old or too much, slice by slice, and tells of it."""

import logging
import time

from .metrics import Metrics
from .recording.recorder import Recorder
from .recording.unrecorded import Unrecorded
from .retry import Retry
from .shares import GROWTH
from .store import Store, Trimmed, Unavailable
from .sweep import Sweep

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""From one look to the next, while nothing is written and nothing is to be deleted."""
PAUSE_SECONDS, LONG_PAUSE_SECONDS = 0.02, 0.05
"""Between two slices: about as long as one takes or, where something was written in the last
LOOK_SECONDS, from one batch to the next."""
SHARED_SECONDS = 0.25
"""After a look that found nothing to do, batches that follow so soon need none of their own: it
takes as long as to store 10 rows."""


class Upkeep:
    """Uses the store's thread between two batches. Lives on the event loop."""

    def __init__(
        self, store: Store, retry: Retry, recorder: Recorder | Unrecorded, metrics: Metrics
    ) -> None:
        self._store, self._retry, self._recorder, self._metrics = store, retry, recorder, metrics
        self._sweep = Sweep()
        self._fault: str | None = None
        self._not_before = self._last_batch = self._looked = 0.0
        self._slack = 0.0  # bytes that may be written until the next look
        self.has_more = False
        """Whether slices are left to do."""
        metrics.storage.retention_last_success.set_to_current_time()

    @property
    def trouble(self) -> str | None:
        """Why too much is kept; None while all is well. For any thread."""
        return self._fault or self._store.excess

    @property
    def pause(self) -> float:
        """Seconds after which `when_idle` is due, unless something comes to be written."""
        if not self.has_more:
            return LOOK_SECONDS
        return PAUSE_SECONDS if self._is_idle() else LONG_PAUSE_SECONDS

    async def after_batch(self, size: int = 0) -> None:
        """One slice; more only where the next batch would not fit.

        None at all after a look that found nothing to do, a moment ago, unless what was written
        since may have changed that. `size`: bytes that the batch took of the queue.
        """
        self._last_batch = time.monotonic()
        self._slack -= GROWTH * size
        if self._slack > 0 and self._last_batch < self._looked + SHARED_SECONDS:
            return
        while await self._trim(is_idle=False) and not self._retry.is_giving_up:
            pass

    async def when_idle(self) -> None:
        """One slice, or a look. After LOOK_SECONDS space is given back, too."""
        await self._trim(is_idle=self._is_idle())

    def _is_idle(self) -> bool:
        return time.monotonic() - self._last_batch >= LOOK_SECONDS

    async def _trim(self, *, is_idle: bool) -> bool:
        """Whether the next slice is urgent. After a failure there is none for a while."""
        if time.monotonic() < self._not_before:
            return False
        try:
            trimmed = await self._retry.once(self._store.trim, is_idle)
        except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
            self._failed(error)
            return False
        self._fault = None
        self._looked, self._slack = time.monotonic(), trimmed.slack
        self._done(trimmed)
        return trimmed.urgent

    def _done(self, trimmed: Trimmed) -> None:
        self.has_more = trimmed.more
        self._recorder.stored(self._store.safe)
        for kind, oldest in self._metrics.storage.oldest.items():
            oldest.set(trimmed.oldest.get(kind, 0) / 1000)
        for kind, count in trimmed.deleted.items():
            self._metrics.storage.retention_deleted[kind].inc(count)
        self._metrics.events.parts_expired.inc(trimmed.expired)
        if not trimmed.more:
            self._metrics.storage.retention_last_success.set_to_current_time()
        self._sweep.note(trimmed)

    def _failed(self, error: Exception) -> None:
        self.has_more, self._not_before = False, time.monotonic() + LOOK_SECONDS / 2
        said = str(error) if isinstance(error, Unavailable) else type(error).__name__
        fault = f"what is too old or too much cannot be deleted: {said}"
        if self._fault != fault:
            logger.warning("%s", fault)
        self._fault = fault
