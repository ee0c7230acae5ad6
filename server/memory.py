"""Memory that is free goes back to the system, as far as the C library lets it."""

import asyncio
import contextlib
import ctypes
from collections.abc import Callable

from tornado.ioloop import IOLoop

INTERVAL_SECONDS = 10.0

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc


def keep_little() -> None:
    """Have glibc keep little: call once, at the start. Other C libraries have no such knob.

    By itself it learns from the first large body that such blocks are worth keeping.
    """
    mallopt = _of_glibc("mallopt")
    # orjson takes twelve times a body's size for a moment: mapped, each page is a fault anew, and
    # an event in an array of 50 costs 1.5 us more
    mallopt(_M_MMAP_THRESHOLD, 2**22)
    mallopt(_M_TRIM_THRESHOLD, 2**23)
    mallopt(_M_ARENA_MAX, 2)


class Trimmer:
    """Gives back, every now and then, what lies free between what is in use."""

    def __init__(self) -> None:
        self._trim = _of_glibc("malloc_trim")
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; call on the running loop."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(INTERVAL_SECONDS, self._start_one)

    def stop(self) -> None:
        """End; may be called when not started."""
        if self._timer is not None:
            self._timer.cancel()

    def _start_one(self) -> None:
        """In a thread: it takes some milliseconds after a large body, else 0.1 ms."""
        IOLoop.current().run_in_executor(None, self._trim, 0)
        self.start()


def _of_glibc(name: str) -> Callable[..., object]:
    """The C function of that name, which lets other threads run; where there is none, nothing."""
    with contextlib.suppress(OSError, AttributeError):
        function: Callable[..., object] = getattr(ctypes.CDLL(None), name)
        return function
    return lambda *arguments: None
