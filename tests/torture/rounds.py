"""Rounds: the service is started on what the last round left, looked at, loaded, struck."""

import time
from collections import Counter
from pathlib import Path
from random import Random

from .books import Books, Sums
from .place import Place
from .scene import Scene
from .strikes import STRIKES, check_one_file

MODES = (
    (),
    ("--journal=thread",),
    (),
    ("--journal-sync=interval",),
    (),
    ("--journal-sync=always",),
    ("--batch-events=50",),
    ("--journal=thread", "--journal-sync=interval"),
)
"""Arguments, in turn; the default more often than others."""
CALM = 0.4
"""Share of the rounds that also look at the books after traffic without a strike."""


class Rounds:
    """Any number of rounds on one database in `directory`."""

    def __init__(self, directory: Path, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 to be repeated, not secret
        self._place = Place(directory)
        self.books = Books(self._place)
        self._kinds: list[str] = []
        self._number = 0
        self.totals: Counter[str] = Counter()

    def run(self, kind: str | None = None) -> str:
        """One round with a strike of that kind, or of the next in turn; a line that tells it.

        Raises Violation.
        """
        kind, started = kind or self._next_kind(), time.monotonic()
        arguments = MODES[self._number % len(MODES)]
        scene = self._scene(arguments)
        try:
            found = self._look(scene)
            if self._random.random() < CALM:
                self._calm(scene)
            STRIKES[kind](scene)
        finally:
            scene.life.kill()
        self.totals["kills"] += scene.kills
        took = time.monotonic() - started
        shown = " ".join(argument.removeprefix("--") for argument in arguments) or "journal=inline"
        return (
            f"{self._number:>4} {kind:<12} {shown:<38} {found.replayed:>6} replayed {took:5.1f} s"
        )

    def end(self) -> None:
        """Look once more, and stop it cleanly. Raises Violation."""
        scene = self._scene(())
        try:
            self._look(scene)
            scene.stop()
            check_one_file(self._place)
        finally:
            scene.life.kill()

    def summary(self) -> str:
        """What it came to."""
        counts = {kind: len(ids) for kind, ids in self.books.accepted.items()}
        letters = f"{counts['letter']} that were refused"
        accepted = f"{counts['trace']} traces, {counts['error']} errors and {letters} accepted"
        again = f"{self.totals['kills']} kills, {self.totals['replayed']} events replayed"
        uncovered = f"{self.books.uncovered} answered uncovered, {self.books.lost} of them lost"
        return f"{accepted}, {again}, {uncovered}, nothing else lost"

    def _scene(self, arguments: tuple[str, ...]) -> Scene:
        self._number += 1
        random = Random(self._random.random())  # noqa: S311 as above
        return Scene(f"{self._number:04}", random, self._place, self.books, arguments)

    def _next_kind(self) -> str:
        """Each kind once, then each once again, in another order."""
        if not self._kinds:
            self._kinds = self._random.sample(list(STRIKES), len(STRIKES))
        return self._kinds.pop()

    def _look(self, scene: Scene) -> Sums:
        found = self.books.check(scene.life)
        self._place.poison()
        self.totals["replayed"] += found.replayed
        return found

    def _calm(self, scene: Scene) -> None:
        with scene.traffic():
            scene.pause(0.05, 0.4)
        self.books.check(scene.life)
