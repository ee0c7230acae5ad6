"""Hostile bodies through the whole decoding path: `python -m tests.fuzz SECONDS [--seed=N]`.

Bodies are mutated from examples; one that comes to something new becomes an example too. The same
seed gives the same bodies, in the same order.
"""

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random, SystemRandom
from unittest.mock import patch

from prometheus_client import CollectorRegistry

from server.config import Config
from server.events import MAX_MESSAGE, Error, Event, Item, Rejected, Skipped, Trace
from server.handlers.codings import PIECE, unpacker
from server.metrics import Metrics
from server.parts import make_receivers, make_redactor
from server.receivers import cursor, documents, reader, weight
from server.receivers.otlp.decoding import jsonbody, protovalues, telling, trimming
from server.refusal import Refusal
from server.store.batch import add_events
from server.store.connection import connect
from server.store.retention.limits import LOG_BYTES

from .mutation import MARKER, MAX_BODY, ROUTES, Case, Mutator

MAX_SECONDS = 2.0
BATCH = 200
REASONS = {"schema_invalid", "unstorable", "invalid_json"}
REFUSALS = {
    ("invalid_json", 400),
    ("invalid_protobuf", 400),
    ("bad_encoding", 400),
    ("body_too_large", 413),
    ("too_many_events", 413),
    ("unsupported_media_type", 415),
}
USUAL = Config(max_request_events=100, max_request_spans=100)
NARROW = Config(
    max_request_events=3, max_request_spans=3, max_text_bytes=64, max_metadata_bytes=256
)


class Failed(Exception):
    """An invariant that does not hold."""


class Target:
    """The decoding path, and what must hold of all that comes out of it."""

    def __init__(self, path: str) -> None:
        redactor = make_redactor(USUAL, Metrics(CollectorRegistry()).events)
        self._receivers = {
            is_narrow: make_receivers(config, redactor)
            for is_narrow, config in ((False, USUAL), (True, NARROW))
        }
        self._db = connect(path, "NORMAL", LOG_BYTES)
        self._waiting: list[Event] = []
        self.stored = 0

    def close(self) -> None:
        self._db.close()

    def run(self, case: Case) -> list[tuple[str, ...]]:
        """What a request came to, in words that tell one outcome from another."""
        started = time.thread_time()
        try:
            items = self._items(case)
        except Refusal as refusal:
            found = [self._check_refusal(refusal)]
        else:
            found = [word for item in items for word in self._check(item)]
            if case.route in ("litellm", "envelope"):
                _check_gateway(items)
        if (took := time.thread_time() - started) > MAX_SECONDS:
            raise Failed(f"took {took:.1f} s")
        return [(case.route, *words) for words in found]

    def flush(self) -> None:
        """Write the events that wait, and take them back: a file would grow for ever."""
        self._db.execute("BEGIN IMMEDIATE")
        add_events(self._db, self._waiting)
        self._db.execute("ROLLBACK")
        self.stored += len(self._waiting)
        self._waiting.clear()

    def _items(self, case: Case) -> list[Item]:
        receiver = self._receivers[case.narrow][case.route]
        body = _unpacked(case)
        if case.media_type == documents.JSON:
            _check_told(body)
        if not case.small:
            return list(receiver.read(body, case.media_type))
        with (
            patch.object(documents, "WHOLE", 0),
            patch.object(jsonbody, "WHOLE", 0),
            patch.object(reader, "LARGE", 0),
            patch.object(cursor, "LARGE", 0),
            patch.object(weight, "MAX_WEIGHT", 50_000),
            patch.object(protovalues, "SMALL", 0),
            patch.object(trimming, "MAX_FIELDS", 1000),
            patch.object(trimming, "MAX_TEXT", 1000),
        ):
            return list(receiver.read(body, case.media_type))

    def _check_refusal(self, refusal: Refusal) -> tuple[str, ...]:
        if (refusal.reason, refusal.status) not in REFUSALS:
            raise Failed(f"refused as {refusal.reason}, {refusal.status}")
        _check_message(refusal.message)
        return "refused", refusal.reason, _without_digits(refusal.message)

    def _check(self, item: Item) -> Iterator[tuple[str, ...]]:
        if isinstance(item, Rejected):
            if item.reason not in REASONS:
                raise Failed(f"rejected as {item.reason}")
            if (item.path and not item.path.startswith("/")) or len(item.path) > MAX_MESSAGE:
                raise Failed(f"the path {item.path}")
            _check_message(item.message)
            yield item.kind, item.reason, _known(item.path), _without_digits(item.message)
            return
        if isinstance(item, Skipped):
            yield "skipped", item.reason
            return
        for event in item:
            self._waiting.append(event)
            for name, value in zip(event._fields, event, strict=True):
                yield event.kind, name, type(value).__name__
                if isinstance(value, str | bytes):
                    _check_text(name, value)
        if len({event.event_id for event in item}) < len(item):
            raise Failed("two events of an item with the same id")


def _check_text(name: str, value: str | bytes) -> None:
    """Raises ValueError for what is no UTF-8 or, as metadata, no JSON."""
    text = value.decode() if isinstance(value, bytes) else value
    if name == "metadata":
        text = repr(json.loads(text)).replace("\\\\", "").replace("\\x00", "\0")
    if "\0" in text:
        raise Failed(f"NUL in {name}")


def _check_told(body: bytearray) -> None:
    """What is told from the beginning of a body is what is so of all of it."""
    is_traces = telling.is_traces(body, documents.JSON)
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        return
    is_otlp = isinstance(value, dict) and any(name in jsonbody.SPANS.groups for name in value)
    if is_traces != is_otlp and len(body) < 2**16 and b"\\u" not in body:
        raise Failed(f"OTLP is {is_otlp}, told as {is_traces}")


def _check_gateway(items: list[Item]) -> None:
    """Nobody can mend what a gateway or an SDK sends: what is refused is no item at all."""
    for item in items:
        if isinstance(item, Rejected) and item.path not in ("", "/model"):
            raise Failed(f"a call refused for its {item.path}")


def _check_message(message: str) -> None:
    if MARKER.lower() in message.lower():
        raise Failed(f"says what a sender wrote: {message}")
    if len(message) > MAX_MESSAGE:
        raise Failed(f"a message of {len(message)} characters")


def _known(path: str) -> str:
    """A path of which there are only so many: not that of an unknown member."""
    return path if path[1:] in (*Trace._fields, *Error._fields) else "/…"


def _without_digits(message: str) -> str:
    return "".join(character for character in message if not character.isdecimal())


def _unpacked(case: Case) -> bytearray:
    """The body as a handler collects it."""
    stream = unpacker(case.coding)
    if stream is None:
        return bytearray(case.body)
    data = bytearray()
    for start in range(0, len(case.body), 2**16):
        for piece in stream.feed(case.body[start : start + 2**16]):
            if len(piece) > PIECE:
                raise Failed(f"a piece of {len(piece)} bytes")
            data += piece
            if len(data) > MAX_BODY:
                raise Refusal("body_too_large", 413, "too large")
    stream.check_end()
    return data


class Run:
    """So many seconds of it."""

    def __init__(self, seed: int, target: Target) -> None:
        self._mutator, self._target = Mutator(Random(seed)), target  # noqa: S311 to be repeated, not secret
        self._seen: Counter[tuple[str, ...]] = Counter()
        self.executions = 0
        self._batch: list[Case] = []

    def go(self, seconds: float) -> None:
        """Raises whatever does not hold, with the request that shows it as a note."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._one()
        self._flush()

    def summary(self) -> Iterator[str]:
        """What it came to: so much of it that nobody need fear that nothing was reached."""
        yield f"{self._mutator.size} bodies kept, {len(self._seen)} outcomes"
        for route in sorted(ROUTES):
            counts: Counter[str] = Counter()
            for (where, what, detail, *_), times in self._seen.items():
                if where == route and what == "refused":
                    counts[detail] += times
                elif where == route and (detail in REASONS or detail == "event_id"):
                    counts[what if detail == "event_id" else f"rejected {detail}"] += times
            yield f"{route}: " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))

    def _one(self) -> None:
        self.executions += 1
        case, body = self._mutator.case()
        try:
            outcome = self._target.run(case)
        except Exception as error:
            error.add_note(f"execution {self.executions}: {_shown(case)}")
            raise
        if any(words not in self._seen for words in outcome):
            self._mutator.keep(case, body)
        self._seen.update(outcome)
        self._batch.append(case)
        if len(self._batch) == BATCH:
            self._flush()

    def _flush(self) -> None:
        try:
            self._target.flush()
        except Exception as error:
            error.add_note(f"one of the {len(self._batch)} up to execution {self.executions}")
            for case in self._batch:
                error.add_note(_shown(case)[:300])
            raise
        self._batch.clear()


def _shown(case: Case) -> str:
    """A request for a person to try: its body as Python, cut."""
    said = repr(case)
    return (
        said if len(said) <= 4000 else f"{said[:3000]} ... {said[-900:]} ({len(case.body)} bytes)"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(2**32))
    options = parser.parse_args()
    print(f"fuzzing for {options.seconds:g} s, --seed={options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        target = Target(str(Path(directory) / "fuzz.db"))
        run = Run(options.seed, target)
        try:
            run.go(options.seconds)
        except Exception:  # noqa: BLE001 whatever it is, it is what we look for
            traceback.print_exc()
            print(f"\nagain with --seed={options.seed}", file=sys.stderr)
            return 1
        finally:
            target.close()
    rate = run.executions / options.seconds
    print(f"{run.executions} bodies, {rate:.0f} a second, {target.stored} events stored")
    print(*run.summary(), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
