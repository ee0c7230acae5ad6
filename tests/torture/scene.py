"""What a strike has to work with."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from random import Random

from ..locking import Lock
from . import Violation
from .books import Books
from .life import Life
from .place import Place
from .traffic import Traffic

LONGEST_SECONDS = 3.0
"""Longest wait for a commit, of which there may be none."""


class Scene:
    """One round's process, and how it is started, loaded and ended."""

    def __init__(
        self, name: str, random: Random, place: Place, books: Books, arguments: Sequence[str]
    ) -> None:
        self._name, self._arguments = (
            name,
            ("--drain-seconds=2", "--max-dead-letters=10000", *arguments),
        )
        self.random, self.place, self.books = random, place, books
        self._starts = 0
        self._traffic: Traffic | None = None
        self.kills = 0
        self.start()

    def start(self) -> None:
        """Another process on the same database; it may not be listening yet."""
        self._starts += 1
        self.life = Life(self.place, f"{self._name}-{self._starts}", self._arguments)

    @contextlib.contextmanager
    def traffic(self) -> Iterator[Traffic]:
        """Post within the context; what was accepted is in the books after it."""
        events = self.random.choice((0, 500, 1000, 4000))
        traffic = Traffic(self.life.service.url, f"{self._name}.{self.random.random()}", events)
        self._traffic = traffic
        try:
            with traffic:
                yield traffic
        finally:
            self._traffic = None
            self.books.add(traffic.accepted)

    def lock(self) -> Lock:
        """A context: the database is locked."""
        return Lock(self.place.database)

    def pause(self, least: float, most: float) -> None:
        """So many seconds at random: the strike is to come at any moment."""
        time.sleep(self.random.uniform(least, most))

    def await_a_commit(self) -> None:
        """Return just after one, or in it."""
        before, end = self.place.wal(), time.monotonic() + LONGEST_SECONDS
        while self.place.wal() == before and time.monotonic() < end:
            time.sleep(0.0005)  # between two looks
        self.pause(0, 0.02)

    def kill(self) -> None:
        """SIGKILL. What was answered uncovered may be lost."""
        self._expect_the_end()
        self.life.kill()
        self.kills += 1
        self.books.excuse(self.life.uncovered)

    def stop(self) -> None:
        """SIGTERM. Raises Violation where it fails."""
        self._expect_the_end()
        if (status := self.life.stop()) != 0:
            raise Violation(f"a stop ends with status {status}; {self.life.log}")

    def _expect_the_end(self) -> None:
        if self._traffic is not None:
            self._traffic.expect_the_end()
