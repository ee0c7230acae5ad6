"""Streams of requests, right and wrong, on the lean layer: it runs nothing that Tornado refuses,
and how they are cut changes nothing.

`python -m tests.streams --seed=S --number=N` tries one again.
"""

import asyncio
from collections import Counter

import pytest

from server.service import Service

from .streams.abandoned import abandon, settings
from .streams.checks import STRICTER
from .streams.named import named
from .streams.reference import REFUSED, read
from .streams.running import Stream, Streams, generated
from .streams.second import read_by_h11
from .streams.target import noting

MANY = 20_000


def tried(directory, streams):
    """What these come to, where all that must hold does."""
    services = Streams(directory)
    run(services.go(streams))
    return services.outcomes


def run(work):
    """As `asyncio.run`, which would lose the loop of other tests."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work)


def test_generated_streams_run_on_lean_only_as_on_tornado_however_they_are_cut(tmp_path):
    outcomes = tried(tmp_path, generated(1, range(300)))
    assert outcomes["requests run"] > 200


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_generated_streams_run_on_lean_only_as_on_tornado(part, tmp_path):
    numbers = range(part * MANY // 4, (part + 1) * MANY // 4)
    outcomes = tried(tmp_path, generated(1, numbers))
    assert outcomes["requests run"] > MANY // 8
    assert [why for why in STRICTER if not outcomes[f"stricter: {why}"]] == []


def test_smuggled_requests_do_not_run(tmp_path):
    outcomes = tried(tmp_path, named()[:60])
    assert outcomes["requests run"] > 30


@pytest.mark.slow
def test_named_streams_run_on_lean_only_as_on_tornado(tmp_path):
    tried(tmp_path, named())


@pytest.mark.slow
def test_a_cut_anywhere_changes_nothing(tmp_path):
    short = [stream for stream in named() if len(stream.data) < 400]
    tried(tmp_path, (cut for stream in short[::4] for cut in everywhere(stream)))


def everywhere(stream):
    """The stream cut in two at each place, and in single bytes."""
    name, data, _ = stream
    yield Stream(name, data, [data[n : n + 1] for n in range(len(data))])
    for at in range(1, len(data)):
        yield Stream(f"{name} cut at {at}", data, [data[:at], data[at:]])


def test_what_the_reference_takes_h11_reads_alike():
    counts: Counter[str] = Counter()
    for stream in generated(2, range(1000)):
        ours, theirs = read(stream.data).requests, read_by_h11(stream.data)
        for mine, right in zip(ours, theirs, strict=False):
            assert plain(mine) == plain(right), stream
            counts["alike"] += 1
        if len(theirs) < len(ours):
            assert is_left_by_h11(ours[: len(theirs) + 1]), stream
            counts["left"] += 1
    assert counts["alike"] > 6 * counts["left"] > 0


def plain(request):
    """As both of them write it."""
    fields = sorted((name.lower(), value) for name, value in request.fields)
    lowered = [(name, v.lower() if name == "transfer-encoding" else v) for name, v in fields]
    return request._replace(fields=tuple(lowered))


def is_left_by_h11(requests):
    """Whether h11 stops before the last of these: behind an upgrade, or in HTTP/1.0."""
    *before, last = requests
    odd = any(one.version == "HTTP/1.0" or "Upgrade" in dict(one.fields) for one in before)
    return odd or not last.target.isascii()


@pytest.mark.slow
def test_connections_that_are_left_at_any_point_leave_nothing_behind(tmp_path):
    async def leave():
        service = Service(settings(str(tmp_path / "t.db")))
        with noting() as log:
            await service.start()
            await abandon(service, 1, 2000)
            await service.stop()
        assert log.bad == []

    run(leave())


def test_the_named_streams_differ():
    streams = named()
    assert len(streams) > 200
    assert max(Counter(stream.data for stream in streams).values()) == 1
    assert sum(read(stream.data).end == REFUSED for stream in streams) > 150
