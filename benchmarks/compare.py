"""Contenders side by side: in each round each of them gets one short slice of each work in turn.

A machine that others share is not fast or slow by itself: compare by each round's own ratios.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict

from .contenders import Contender
from .servers import Server
from .slices import Json, measure
from .works import CONNECTIONS, Work

Slices = dict[str, dict[str, list[Json]]]
"""By work, then by contender: a slice a round."""
Say = Callable[[str], None]
WARM_UP = 0.3
"""Seconds of each work before the first round."""


def compare(
    contenders: Sequence[Contender],
    works: Sequence[Work],
    rounds: int,
    seconds: float,
    directory: str,
    say: Say,
) -> Json:
    """All slices, and each contender's memory. Raises RuntimeError where one does not start."""
    with ExitStack() as stack:
        servers, idle = {}, {}
        for number, one in enumerate(contenders):
            database = f"{directory}/compare-{number}.db" if one.stores else ""
            servers[one.name] = server = Server(one.command, database)
            stack.callback(server.stop)
            idle[one.name] = server.rss_mib()
            server.pause()
        pairs = [(work, one.name) for work in works for one in contenders if _is_given(one, work)]
        pairs = [pair for pair in pairs if _takes(servers[pair[1]], *pair, say)]
        slices: Slices = {work.name: {} for work in works}
        for number in range(rounds):
            say(f"comparison, round {number + 1} of {rounds}")
            for work, name in _turned(pairs, number):
                found = measure(servers[name], work.payload, CONNECTIONS, seconds, work.rate)
                slices[work.name].setdefault(name, []).append(asdict(found))
        memory = {
            name: {"idle": idle[name], "after": one.rss_mib()} for name, one in servers.items()
        }
    return {"rounds": rounds, "seconds": seconds, "slices": slices, "memory": memory}


def _is_given(one: Contender, work: Work) -> bool:
    if not one.stores:
        return work.single
    return work.key or not one.variant


def _takes(server: Server, work: Work, name: str, say: Say) -> bool:
    """Whether it answers this work with 2xx, which also warms it up."""
    try:
        measure(server, work.payload, CONNECTIONS, WARM_UP, work.rate)
    except RuntimeError as error:
        say(f"{name} does without {work.name}: {error}")
        server.pause()
        return False
    return True


def _turned(pairs: list[tuple[Work, str]], number: int) -> list[tuple[Work, str]]:
    """Every second round the other way round, so that none is always behind the same one."""
    return pairs if number % 2 == 0 else pairs[::-1]
