"""Sample traffic in a thread of its own, which goes on whatever becomes of the service."""

import contextlib
import http.client
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from server.commands.traffic import Sample, timed, traffic

from .client import Client

Rate = Callable[[float], float]
"""Events a second, by the seconds since the start."""

_TICK = 0.05
"""Seconds from one round of requests to the next."""


def daily(rate: float, day: float) -> Rate:
    """From a fifth of `rate` at night to all of it at noon, where a day takes `day` seconds.

    It starts in the morning.
    """
    return lambda seconds: rate * (0.6 + 0.4 * math.sin(2 * math.pi * seconds / day))


class Traffic:
    """Posts `samples`, or else the events of `server.commands.traffic`, until it is closed."""

    def __init__(self, url: str, rate: Rate, samples: Iterator[Sample] | None = None) -> None:
        self._url, self._rate, self._samples = url, rate, samples or traffic(1)
        self.answered: Counter[int] = Counter()
        """Answers by their status."""
        self._done, self._sending = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Send nothing while the context lasts."""
        with self._sending:  # the round under way is over
            yield

    def _run(self) -> None:
        start, due = time.monotonic(), 0.0
        with contextlib.closing(Client(self._url)) as client:
            while not self._done.wait(_TICK):
                due += _TICK * self._rate(time.monotonic() - start)
                with self._sending, contextlib.suppress(OSError, http.client.HTTPException):
                    while due >= 1:
                        due -= 1
                        route, event = next(self._samples)
                        self.answered[client.post(route, timed(route, event))] += 1
