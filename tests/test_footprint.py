"""What an event is counted as while it waits is what it occupies."""

import json
import tracemalloc
from typing import cast

import pytest

from server.config import Config
from server.events import Group
from server.footprint import footprint
from server.parts import make_receivers

EVENTS = 200
BASE = {"provider": "openai", "model": "gpt-4o-mini"}
MEMBERS = {
    "few": {},
    "texts": {"input_text": "x" * 15_000 + "é", "output_text": "y" * 15_000},
    "wide": {"input_text": "\U0001f600" * 3000, "agent": "\U0001f600" * 256},
    "metadata": {"metadata": {"numbers": list(range(1000)), "more": ["x" * 40] * 100}},
    "unknown": {"extra": {"a": [{"b": n} for n in range(200)]}},
    "names": dict.fromkeys(("event_id", "trace_id", "span_id", "session_id"), "i" * 256),
}


@pytest.mark.slow
@pytest.mark.parametrize("members", MEMBERS.values(), ids=MEMBERS)
@pytest.mark.parametrize("route", ["traces", "errors"])
def test_an_event_occupies_no_more_than_it_is_counted_as(route, members):
    base = {"error_type": "e", "message": "m" * 500} if route == "errors" else BASE
    line = json.dumps({**base, **members}).encode() + b"\n"
    receiver = make_receivers(Config())[route]
    body = bytearray(line * EVENTS)
    list(receiver.read(bytearray(line), "application/x-ndjson"))  # what is made once is made
    tracemalloc.start()
    try:
        groups = list(receiver.read(body, "application/x-ndjson"))
        occupied, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    counted = sum(footprint(event) for group in groups for event in cast(Group, group))
    assert occupied < 1.1 * counted + EVENTS * 100
    assert counted < 2 * occupied + EVENTS * 2000
