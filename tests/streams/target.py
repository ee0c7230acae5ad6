"""A service in this process, and a note of each request that it runs."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from unittest.mock import patch

from server.config import Config
from server.handlers.base import Handler
from server.handlers.body import Body, Room
from server.handlers.events import EventsHandler
from server.service import Service

from ..conftest import until
from ..ledger import balances, sums_of
from ..raw import where
from .answers import Answer, comparable, read_answers
from .client import exchange
from .grammar import MARKER
from .reference import MAX_BODY, MAX_HEAD


class Ran(NamedTuple):
    """A request as its handler saw it."""

    method: str
    target: str
    path: str
    version: str
    fields: tuple[tuple[str, str], ...]
    """As a handler asks for them: what came several times has a comma between."""
    body: bytes | None
    """As it was read for its events; None where it was not."""
    status: int


class Outcome(NamedTuple):
    """What became of a stream."""

    ran: list[Ran]
    answers: list[Answer]
    said: bytes
    """All that came back, but for what differs each time."""
    is_reset: bool


class Target:
    """One service. Its streams come one after another: so what runs belongs to the last one."""

    def __init__(self, database: str, **settings: Any) -> None:
        limits = {
            "max_header_bytes": MAX_HEAD,
            "max_body_bytes": MAX_BODY,
            "port": 0,
            "journal": "off",
        }
        known: dict[str, Any] = limits | settings
        self.service = Service(Config(db=database, **known))
        self.database = database
        self._ran: list[Ran] = []
        self._answers = 0

    def note(self, ran: Ran) -> None:
        """Called for each request that is answered."""
        self._ran.append(ran)

    async def run(self, parts: Sequence[bytes], *, ends: bool = True) -> Outcome:
        """Send one stream; `ends`: and its end. Raises TimeoutError where the connection stays
        open, ValueError for an answer."""
        ran: list[Ran] = []
        self._ran = ran
        came = await exchange(where(self.service.url), parts, ends=ends)
        answers = list(read_answers(came.data, [one.method == "HEAD" for one in ran]))
        self._answers += len(answers)
        return Outcome(ran, answers, comparable(came.data), came.is_reset)

    async def stop(self) -> dict[str, int]:
        """End it, after a look that nothing is left of any stream; its ledger's sums."""
        service = self.service
        await service.pipeline.drain()
        sums: dict[str, int] = sums_of(service.metrics.registry.collect())
        with contextlib.suppress(TimeoutError):
            await until(lambda: not any(leftovers(service).values()))
        left = leftovers(service)
        await service.stop()
        assert not any(left.values()), (self.database, left)
        assert balances(sums), sums
        counted = sum(
            int(sample.value)
            for family in service.metrics.registry.collect()
            for sample in family.samples
            if sample.name == "tokenweir_http_requests_total"
        )
        assert counted >= self._answers, (counted, self._answers)
        return sums


def leftovers(service: Service) -> dict[str, int]:
    """What streams left behind: all 0 where all is well."""
    sample = service.metrics.registry.get_sample_value
    return {
        "in flight": int(sample("tokenweir_http_requests_in_flight") or 0),
        "bytes of bodies": sum(room.all - room.free for room in _rooms(service.app)),
        "connections": len(service._hub.open),
        "lingering": len(service._hub.lingering._open),
    }


def _rooms(app: Any) -> set[Room]:
    """Those of the handlers: one that all share."""
    return {arguments["room"] for _, arguments in app._paths.values() if "room" in arguments}


class Log(logging.Handler):
    """What is logged, and what of it must not be."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.bad: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("tornado") and record.levelno < logging.WARNING:
            return  # never shown: server/logs.py
        said = self.format(record)
        if record.levelno >= logging.WARNING or MARKER.lower() in said.lower():
            self.bad.append(said)


@contextlib.contextmanager
def noting(*targets: Target) -> Iterator[Log]:
    """While it lasts, these targets note what they run, and what is logged is looked at."""
    by_app = {id(target.service.app): target for target in targets}
    log, root = Log(), logging.getLogger()
    bodies: dict[Body, bytes] = {}
    finish, whole = Handler.on_finish, Body.whole

    def noting_whole(self: Body) -> bytearray:
        data = whole(self)
        bodies[self] = bytes(data)
        return data

    def noting_finish(self: Handler) -> None:
        request = self.request
        body = bodies.pop(self._body, None) if isinstance(self, EventsHandler) else None
        if (target := by_app.get(id(self.application))) is not None:
            fields = tuple(request.headers.items())
            what = (request.method, request.uri, request.path, request.version, fields)
            target.note(Ran(*what, body, self.get_status()))
        finish(self)

    root.addHandler(log)
    with (
        patch.object(Handler, "on_finish", noting_finish),
        patch.object(Body, "whole", noting_whole),
    ):
        yield log
    root.removeHandler(log)
