"""Calls of the store, in its one thread, again and again through failures that pass."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tornado.ioloop import IOLoop

from .metrics import Metrics
from .store import Refused, Unavailable

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries of a call: doubled from the first to the longest."""

T = TypeVar("T")


class Retry:
    """Owns the one thread that may call the store. Lives on the event loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._giving_up = asyncio.Event()
        self.trouble: str | None = None
        """Why nothing could be committed, since the last commit; None while commits succeed."""

    async def once(self, call: Callable[..., T], *arguments: object) -> T:
        """What `call` returns or raises."""
        return await IOLoop.current().run_in_executor(self._thread, call, *arguments)

    async def commit(self, call: Callable[..., T], *arguments: object) -> T | None:
        """What `call`, a transaction, returns; None where `give_up` came first.

        A passing failure is tried again for as long as it takes. Raises `Refused`.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                return self._committed(await self._timed(call, *arguments))
            except Refused:
                raise
            except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
                fault = _as_unavailable(error)
                self._note(f"the store cannot be written: {fault}")
                if self._giving_up.is_set():
                    return None
                self._metrics.retries[fault.reason].inc()
            await self._pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    @property
    def is_giving_up(self) -> bool:
        """Whether `give_up` was called."""
        return self._giving_up.is_set()

    def give_up(self) -> None:
        """Let the call that is waiting, and all later ones, have one more try only."""
        self._giving_up.set()

    async def _timed(self, call: Callable[..., T], *arguments: object) -> T:
        start = time.monotonic()
        outcome = "error"
        try:
            result = await self.once(call, *arguments)
            outcome = "ok"
            return result
        finally:
            self._metrics.flush[outcome].observe(time.monotonic() - start)

    def _committed(self, result: T) -> T:
        if self.trouble is not None:
            self.trouble = None
            logger.info("the store can be written again")
        return result

    def _note(self, trouble: str) -> None:
        """Log a failure once, not once a try, and remember it until the next commit."""
        if self.trouble != trouble:
            logger.warning("%s", trouble)
        self.trouble = trouble

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._giving_up.wait(), seconds)


def _as_unavailable(error: Exception) -> Unavailable:
    """A store's own word, or for one that it has none for: the type, since the text may quote."""
    return error if isinstance(error, Unavailable) else Unavailable("other", type(error).__name__)
