"""What joining the reports of a call costs the writer a row, beside the same rows without it.

Two stores in this process, one of which only inserts and counts. In each round both write the same
batches, by turns; the CPU is that of the store's thread, with commits and checkpoints. Twins and
parts are a row each where nothing is joined. `python -m benchmarks.studies.joins`
"""

import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from server import links
from server.config import Config
from server.events import Event, Trace
from server.normalise import Normaliser
from server.store import Written
from server.store.insert import insert_new, next_id
from server.store.totals import add_totals
from server.store.traffic import Traffic
from server.store.writer import SqliteStore
from server.times import now_ms

from ..load.calls import trace

BATCH, BATCHES = 500, 10
"""Events in a batch, and batches in a round: as many as between two checkpoints, and more."""
ROWS = (0, 200_000)
"""In the database beforehand, of a day."""
DAY_MS = 86_400_000
GOAL = 1.2
RANDOM = random.Random(6)  # noqa: S311 the same load each time


class Plain(SqliteStore):
    """As if every report were a call of its own."""

    def write(self, batch, mark=None):
        return self._commit((batch, mark), mark, lambda db: _insert(db, batch))


def compare_joins(directory: str, rounds: int = 7) -> None:
    """Print the writer's CPU a row of each kind of traffic, and the multiple with joins."""
    print(f"CPU of the writer's thread, batches of {BATCH}, {rounds} rounds of {BATCHES}:")
    print(f"{'rows before':>11} {'traffic':<8} {'us a row':>8} {'joined':>7} {'multiple':>8}")
    for before in ROWS:
        for name, reports in TRAFFIC.items():
            stores = [
                _filled(kind, f"{directory}/joins-{before}-{name}-{kind.__name__}.db", before)
                for kind in (Plain, SqliteStore)
            ]
            found = [_round(stores, reports) for _ in range(rounds)]
            for store in stores:
                store.close()
                os.unlink(store._path)
            _print(before, name, found)


def _print(before: int, name: str, found: list[list[float]]) -> None:
    plain, joined = (statistics.median(each) for each in zip(*found, strict=True))
    ratios = [joined / plain for plain, joined in found]
    multiple = f"{statistics.median(ratios):8.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    goal = f"goal {GOAL}" if name in ("spans", "native") else ""
    print(f"{before:>11} {name:<8} {plain:8.1f} {joined:7.1f} {multiple} {goal}")


def _round(stores: list[SqliteStore], reports: Callable[[], Iterator[Trace]]) -> list[float]:
    """Microseconds a row of each store."""
    used = [0.0 for _ in stores]
    source = reports()
    for number in range(BATCHES):
        batch = list(islice(source, BATCH))
        turns = [(at, store, _for(store, batch)) for at, store in enumerate(stores)]
        for at, store, rows in turns if number % 2 else reversed(turns):
            start = time.thread_time()
            store.write(rows)
            used[at] += time.thread_time() - start
    return [seconds * 1e6 / (BATCH * BATCHES) for seconds in used]


def _for(store: SqliteStore, batch: list[Trace]) -> list[Trace]:
    """Nothing ties rows together where nothing is joined."""
    if isinstance(store, Plain):
        return [one._replace(keys=None) for one in batch]
    return batch


def _filled(kind: type[SqliteStore], path: str, rows: int) -> SqliteStore:
    store = kind(path)
    store.open()
    source, first = spans(), now_ms() - DAY_MS
    for start in range(0, rows, BATCH):
        at = first + start * DAY_MS // rows
        few = {"created_at": at, "input_text": None, "output_text": b"short"}
        store.write(_for(store, [one._replace(**few) for one in islice(source, BATCH)]))
    return store


def _insert(db, batch: list[Event]) -> Written:
    added, traffic = insert_new(db, batch, next_id(db, "trace")), Traffic()
    for row in added.values():
        traffic.row(None, row)
    add_totals(db, {"persisted.trace": len(added)})
    return Written(Counter(trace=len(added)), Counter(), Counter(), traffic)


def native() -> Iterator[Trace]:
    """Without anything that ties them to others."""
    config = Config()
    normaliser = Normaliser(config.max_text_bytes, config.max_metadata_bytes)
    while True:
        yield normaliser.trace(trace(), "native")


def spans() -> Iterator[Trace]:
    """1 to 20 calls of a trace one after another, each below a span that is none."""
    for one in native():
        trace_id, calls = _hex(32), RANDOM.randint(1, 20)
        for _ in range(calls):
            yield _span(one, trace_id, _hex(16))


def _span(one: Trace, trace_id: str, span_id: str) -> Trace:
    return one._replace(
        event_id=f"{trace_id}:{span_id}",
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=_hex(16),
        created_at=now_ms(),
        source="otlp",
        keys=(links.response(one.provider, f"chatcmpl-{_hex(29)}"),),
    )


def twins() -> Iterator[Trace]:
    """LiteLLM with both callbacks: the span, and the same call by itself."""
    for span in spans():
        call_id = _hex(32)
        keys = (links.litellm(call_id), *(span.keys or ()))
        yield span._replace(keys=keys)
        yield span._replace(
            event_id=call_id, span_id=None, parent_span_id=None, source="litellm", keys=keys
        )


def parts() -> Iterator[Trace]:
    """A span whose two texts come in log records of their own, one before it and one after."""
    for span in spans():
        said = span._replace(
            keys=None, provider="unknown", model="unknown", prompt_tokens=None,
            completion_tokens=None, total_tokens=None, cost_usd=None, cost_source=None,
            input_text=None, output_text=None, latency_ms=None,
        )  # fmt: skip
        for number, (name, role) in enumerate((("input_text", "user"), ("output_text", ""))):
            keys = (links.part_of(span.event_id), links.at(now_ms() * 10**6, number, role))
            text = {name: getattr(span, name)}
            yield said._replace(event_id=_hex(32), span_id=None, keys=keys, **text)
            if not number:
                yield span._replace(input_text=None, output_text=None)


def _hex(digits: int) -> str:
    return f"{RANDOM.getrandbits(4 * digits):0{digits}x}"


TRAFFIC = {"spans": spans, "native": native, "twins": twins, "parts": parts}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tokenweir-bench-") as folder:
        compare_joins(folder)
