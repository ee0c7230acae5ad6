"""Calls of the store, in its one thread, again and again through failures that pass."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tornado.ioloop import IOLoop

from .metrics.writer import WriterMetrics
from .overdue import Overdue
from .store import Refused, Unavailable

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries of a call: doubled from the first to the longest."""
STUCK_SECONDS = 1.5
"""A call of the store that takes longer is told as trouble."""
REMEMBERED_SECONDS = 2.0
"""For that long a trouble that is over is still told, for whoever looks only now and then."""

T = TypeVar("T")


class Retry:
    """Owns the one thread that may call the store. Lives on the event loop."""

    def __init__(self, metrics: WriterMetrics) -> None:
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._giving_up = asyncio.Event()
        self._call: asyncio.Future[Any] | None = None
        self._overdue = Overdue(STUCK_SECONDS)
        self._is_abandoned = False
        self._fault: str | None = None
        self._over: tuple[float, str] | None = None

    @property
    def is_failing(self) -> bool:
        """Whether nothing could be committed since the last commit, or the store hangs."""
        return self._fault is not None or bool(self._overdue)

    @property
    def trouble(self) -> str | None:
        """What is, or until a moment ago was, wrong with writing; None while all is well."""
        if self._fault is not None:
            return f"the store cannot be written: {self._fault}"
        if self._overdue:
            return f"the store does not answer: a call takes over {STUCK_SECONDS} s"
        if self._over is not None and time.monotonic() - self._over[0] < REMEMBERED_SECONDS:
            return f"the store could not be written a moment ago: {self._over[1]}"
        return None

    async def once(self, call: Callable[..., T], *arguments: object) -> T:
        """What `call` returns or raises. Raises CancelledError where it was abandoned."""
        future = IOLoop.current().run_in_executor(self._thread, call, *arguments)
        self._call = future
        with self._overdue.watching():
            return await future

    async def commit(self, call: Callable[..., T], *arguments: object) -> T | None:
        """What `call`, a transaction, returns; None where `give_up` came first.

        A passing failure is tried again for as long as it takes. Raises `Refused`.
        """
        pause = FIRST_PAUSE
        while not self._is_abandoned:
            try:
                result = await self._timed(call, *arguments)
            except Refused:
                raise
            except asyncio.CancelledError:
                if not self._is_abandoned:
                    raise
            except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
                fault = self._note(error)
                if self._giving_up.is_set():
                    return None
                self._metrics.retries[fault.reason].inc()
                await self._pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self._recovered()
                return result
        return None

    async def look(self, call: Callable[[], T]) -> T | None:
        """What one try of `call` returns; None where it fails, which is trouble like any."""
        try:
            result = await self.once(call)
        except Exception as error:  # noqa: BLE001 whatever it is, the consumer must live
            self._note(error)
            return None
        self._recovered()
        return result

    @property
    def is_giving_up(self) -> bool:
        """Whether `give_up` was called."""
        return self._giving_up.is_set()

    def give_up(self) -> None:
        """Let the call that is waiting, and all later ones, have one more try only."""
        self._giving_up.set()

    def abandon(self) -> None:
        """Do not even wait for the call under way, if there is one: it may hang for ever."""
        self._is_abandoned = True
        if self._call is not None:
            self._call.cancel()

    async def _timed(self, call: Callable[..., T], *arguments: object) -> T:
        start = time.monotonic()
        outcome = "error"
        try:
            result = await self.once(call, *arguments)
            outcome = "ok"
            return result
        finally:
            self._metrics.flush[outcome].observe(time.monotonic() - start)

    def _recovered(self) -> None:
        if self._fault is not None:
            self._over, self._fault = (time.monotonic(), self._fault), None
            logger.info("the store can be written again")

    def _note(self, error: Exception) -> Unavailable:
        """Log a failure once, not once a try, and remember it until the next commit."""
        fault = _as_unavailable(error)
        if self._fault != str(fault):
            logger.warning("the store cannot be written: %s", fault)
        self._fault = str(fault)
        return fault

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._giving_up.wait(), seconds)


def _as_unavailable(error: Exception) -> Unavailable:
    """A store's own word, or for one that it has none for: the type, since the text may quote."""
    return error if isinstance(error, Unavailable) else Unavailable("other", type(error).__name__)
