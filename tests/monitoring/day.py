"""A working day of a gateway in some minutes, in front of a real Prometheus, to be drawn."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from random import Random

from numpy import interp

from server.commands.traffic import Sample, error_of, traffic

from ..locking import Lock
from ..process import serving
from . import oddities
from .client import Client
from .scraping import prometheus
from .stage import Stage, settings
from .traffic import Rate, Traffic

_SHAPE = (
    *((0.0, 6), (0.12, 18), (0.25, 38), (0.3, 42)),
    *((0.32, 110), (0.36, 120), (0.38, 45)),
    *((0.6, 36), (0.63, 4), (0.71, 3), (0.74, 40)),
    *((0.9, 30), (1.0, 16)),
)
"""Shares of the day and events a second: a morning, a burst, a quiet noon, an evening."""
_MISTAKES = ((0.1, 0.16), (0.45, 0.55))
_FAILING, _LOCKED = (0.42, 0.57), (0.79, 0.83)
"""When senders make mistakes, when a model fails, when the database is locked."""
_LONGEST_MS = 60_000
"""The sample has longer calls, to be cut; in some minutes they are too few for a quantile."""
_BAD_MODEL = "claude-sonnet-4-5"
_NAMED = {"target_label": "instance", "replacement": "tokenweir:4318"}
"""What it is called in grafana/docker-compose.yml, instead of a port of loopback."""


class _Day:
    """How much of the day has passed, as a share; `seconds` is how long it takes."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._start = seconds, time.monotonic()

    def share(self) -> float:
        return (time.monotonic() - self._start) / self.seconds

    def within(self, *spans: tuple[float, float]) -> bool:
        return any(start <= self.share() < end for start, end in spans)

    def rate(self) -> Rate:
        shares, rates = zip(*_SHAPE, strict=True)
        return lambda seconds: float(interp(seconds / self.seconds, shares, rates))


@contextmanager
def lived(there: Path, minutes: float) -> Iterator[Stage]:
    """The stage when the day is over; `there` is an empty directory."""
    database = str(there / "t.db")
    (there / "prometheus").mkdir()
    with (
        serving(database, *settings(there)) as service,
        prometheus(there / "prometheus", service.url, relabel_configs=[_NAMED]) as looking,
        closing(Client(service.url)) as client,
    ):
        looking.catch_up()
        day = _Day(minutes * 60)
        with Traffic(service.url, day.rate(), _samples(day)) as traffic:
            stage = Stage(service, database, looking, traffic, client)
            _live(stage, day)
            yield stage


def _live(stage: Stage, day: _Day) -> None:
    """What befalls the service, once between two scrapes, until the day is over."""
    for turn in count():
        if day.share() >= 1:
            return
        if day.within(_LOCKED):
            _lock(stage, day)
        if turn % 5 == 0:
            _post(stage, oddities.special(turn % 2))
        if day.within(*_MISTAKES):
            _post(stage, oddities.refused())
        stage.seen()


def _post(stage: Stage, requests: Iterable[oddities.Request]) -> None:
    """Whatever they are answered: the queue may be full."""
    for path, body, headers, _ in requests:
        stage.client.post(path, body, headers)


def _lock(stage: Stage, day: _Day) -> None:
    """Nobody can write, and the queue fills."""
    with Lock(stage.database):
        while day.within(_LOCKED):
            stage.seen()


def _samples(day: _Day) -> Iterator[Sample]:
    """The sample traffic, of which one model fails for a while."""
    random = Random(1)  # noqa: S311 no secret hangs on it
    for route, event in traffic(1):
        if event.get("latency_ms", 0) > _LONGEST_MS:
            continue
        is_bad = event.get("model") == _BAD_MODEL and event.get("status") == "ok"
        if is_bad and day.within(_FAILING) and random.random() < 0.45:
            yield from _failed(event)
        else:
            yield route, event


def _failed(call: dict[str, object]) -> Iterator[Sample]:
    """The call without an answer, and its error."""
    unknown = ("output_text", "time_to_first_token_ms", "cost_usd")
    asked = {key: value for key, value in call.items() if key not in unknown}
    asked = {key: value for key, value in asked.items() if not key.endswith("_tokens")}
    asked |= {"status": "error", "error_type": "OverloadedError", "latency_ms": 900.0}
    yield "/v1/traces", asked
    yield "/v1/errors", error_of(asked, "Overloaded: please try again later.")
