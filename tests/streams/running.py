"""Streams by their seed, on three services at once: Tornado's layer, the lean one, and it again
with what is sent cut."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import NamedTuple

from ..conftest import read_rows
from .answers import OWN_ID
from .checks import difference, is_early, problems
from .cutting import cut
from .grammar import stream
from .mutations import mutated
from .reference import OPEN, read
from .target import Log, Outcome, Target, noting


class Stream(NamedTuple):
    """Bytes, whole and cut, with what tells them from others."""

    name: str
    data: bytes
    parts: list[bytes]


class Failed(Exception):
    """A stream of which something does not hold."""


def generated(seed: int, numbers: Iterable[int]) -> Iterator[Stream]:
    """The streams of a seed with these numbers."""
    for number in numbers:
        random = Random(f"{seed}/{number}")  # noqa: S311 to be repeated, not secret
        data = mutated(random, stream(random, str(number)))
        yield Stream(f"--seed={seed} --number={number}", data, cut(random, data))


class Streams:
    """The three services, and what their streams came to."""

    def __init__(self, directory: Path, subject: str = "lean") -> None:
        self.tornado = Target(str(directory / "tornado.db"), http="tornado")
        self.whole = Target(str(directory / "whole.db"), http=subject)
        self.cut = Target(str(directory / "cut.db"), http=subject)
        self._targets = (self.tornado, self.whole, self.cut)
        self.outcomes: Counter[str] = Counter()
        self.log = Log()

    async def go(self, streams: Iterable[Stream], failures: list[str] | None = None) -> None:
        """Try them all, one after another. Raises Failed with all that does not hold of one.

        With `failures` it goes on behind one, and has it there.
        """
        async with AsyncExitStack() as stack:
            self.log = stack.enter_context(noting(*self._targets))
            for target in self._targets:
                await target.service.start()
                stack.push_async_callback(target.stop)
            for stream in streams:
                try:
                    await self.one(stream)
                except Failed as failed:
                    if failures is None:
                        raise
                    failures.append(str(failed))
        self._check_stored()

    async def one(self, stream: Stream) -> None:
        """Raises Failed."""
        outcomes: list[Outcome | BaseException] = await asyncio.gather(
            *(target.run([stream.data]) for target in (self.tornado, self.whole)),
            return_exceptions=True,
        )
        outcomes.append(await self._run_cut(stream.parts, outcomes[1]))
        found = [f"{name}: {e!r}" for name, e in zip(NAMES, outcomes, strict=True) if _failed(e)]
        if not found:
            found = list(self._problems(stream, *outcomes))  # type: ignore[arg-type]
        found += [f"logged: {line}" for line in self.log.bad]
        self.log.bad.clear()
        if found:
            raise Failed("\n".join((stream.name, repr(stream.data), repr(stream.parts), *found)))

    async def _run_cut(
        self, parts: list[bytes], whole: Outcome | BaseException
    ) -> Outcome | BaseException:
        """Where the service is to close by itself, it is not told that no more is said."""
        closes = isinstance(whole, Outcome) and any(answer.closes for answer in whole.answers)
        try:
            return await self.cut.run(parts, ends=not closes)
        except (OSError, ValueError) as error:  # a TimeoutError among them
            return error

    def _check_stored(self) -> None:
        """Which events are in the databases: those that the senders named."""
        tornado, whole, cut = (_stored(target.database) for target in self._targets)
        if not whole == cut <= tornado:
            raise Failed(f"stored: {len(tornado)}, {len(whole)}, {len(cut)}")

    def _problems(
        self, stream: Stream, tornado: Outcome, whole: Outcome, cut: Outcome
    ) -> Iterator[str]:
        reading = read(stream.data)
        yield from problems(whole, tornado, reading)
        if changed := difference(whole, cut):
            yield changed
        self._count(tornado, whole, reading.end, reading.why)

    def _count(self, tornado: Outcome, whole: Outcome, end: str, why: str) -> None:
        self.outcomes[f"{end}: {why}"] += 1
        self.outcomes["requests run"] += len(whole.ran)
        more = tornado.ran[len(whole.ran) :]
        if more and not is_early(more[0]):
            self.outcomes[f"stricter: {why}"] += 1
        if end == OPEN:
            self.outcomes[
                f"{'refused' if len(whole.answers) > len(whole.ran) else 'taken'}: {why}"
            ] += 1


NAMES = ("tornado", "whole", "cut")


def _stored(path: str) -> set[str]:
    rows = read_rows(path, "llm_traces") + read_rows(path, "error_events")
    return {row["event_id"] for row in rows if not OWN_ID.fullmatch(row["event_id"].encode())}


def _failed(outcome: object) -> bool:
    return isinstance(outcome, BaseException)
