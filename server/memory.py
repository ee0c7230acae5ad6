"""Memory that is free goes back to the system."""

import contextlib
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc


def give_back() -> None:
    """Have glibc keep little: call once, at the start. Other C libraries have no such knob.

    By itself it learns from the first large body that such blocks are worth keeping, up to 64 MiB.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 2**20)
        mallopt(_M_TRIM_THRESHOLD, 2**23)
        mallopt(_M_ARENA_MAX, 2)
