"""What an OTLP span of 2 KB costs to decode and map, as a share of a bare handler's request.

The bare handler answers one request, with the receiver's work right behind it, and so on: their
ratio is that of the same moment. Alone: `python benchmarks/otlp.py`
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from cpu import HERE, report, slice_cpu
from load import trace
from servers import Server
from spans import PROTOBUF, body

SPANS = 50
"""Spans a request, as the SDK's exporter sends a few seconds of traffic."""


def compare_otlp(rounds: int, seconds: float) -> None:
    """Print the CPU of a span beside a bare handler's: decoded and mapped, and up to the Event."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    mapped, whole = _mapper(), _reader()
    bare = Server(str(HERE / "bare.py"), "{port}")
    to_members: list[float] = []
    to_events: list[float] = []
    for _ in range(rounds):
        floor = slice_cpu(bare, trace(), 1, seconds, stores=False)
        to_members.append(_microseconds(mapped) / floor)
        to_events.append(_microseconds(whole) / floor)
    bare.stop()
    report("OTLP span of 2 KB decoded and mapped, multiple of the bare handler", to_members, "0.25")
    report("the same up to the Event, checked and redacted", to_events, "none set")


def _mapper() -> Callable[[bytearray], int]:
    """Decodes and maps a body; how many spans that were."""
    from server.receivers.otlp.calls import columns, recognise
    from server.receivers.otlp.decoding import reading
    from server.receivers.otlp.failing import failures
    from server.receivers.otlp.texts import content

    def run(data: bytearray) -> int:
        done = 0
        for span in reading.spans(data, PROTOBUF, SPANS):
            texts, operation = content.texts(span, 2**14), recognise.operation(span)
            columns.trace(span, operation, texts, failures.of_call(span, texts.output_text))
            done += 1
        return done

    return run


def _reader() -> Callable[[bytearray], int]:
    from prometheus_client import CollectorRegistry

    from server.config import Config
    from server.metrics import Metrics
    from server.parts import make_receivers, make_redactor

    config = Config()
    redactor = make_redactor(config, Metrics(CollectorRegistry()).events)
    receiver = make_receivers(config, redactor)["spans"]
    return lambda data: sum(1 for _ in receiver.read(data, PROTOBUF))


def _microseconds(work: Callable[[bytearray], int], seconds: float = 0.5) -> float:
    """CPU a span."""
    data, done, start = bytearray(body(SPANS)), 0, time.thread_time()
    while (used := time.thread_time() - start) < seconds:
        done += work(bytearray(data))
    return used * 1e6 / done


if __name__ == "__main__":
    compare_otlp(7, 1.0)
