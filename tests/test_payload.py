"""Events in the journal: each comes back as it was, also from an older version's."""

import msgpack
import orjson
import pytest

from server.events import Error, Trace
from server.normalise import Normaliser
from server.recording.payload import HEADING, decoder, encode

NORMALISER = Normaliser(max_text_bytes=1000, max_metadata_bytes=1000)


def trace(**more):
    return NORMALISER.trace({"provider": "p", "model": "m", **more}, "native")


def error(**more):
    return NORMALISER.error({"error_type": "crash", "message": "m", **more}, "native")


EVENTS = [
    trace(input_text="👍\x1b\u2028", metadata={"a": ["é"]}, prompt_tokens=2**63 - 1),
    trace(cost_usd=1e-300, latency_ms=0.1 + 0.2, total_tokens=0),
    error(stack_trace="x" * 5000, severity="fatal"),
]


def test_events_come_back_as_they_were():
    assert decoder(HEADING)(encode(EVENTS)) == EVENTS
    assert [type(event) for event in decoder(HEADING)(encode(EVENTS))] == [Trace, Trace, Error]


def test_columns_that_are_new_since_are_null():
    columns = {**orjson.loads(HEADING), "trace": [n for n in Trace._fields if n != "agent"]}
    old = [value for name, value in EVENTS[0]._asdict().items() if name != "agent"]
    read = decoder(orjson.dumps(columns))
    assert read(msgpack.packb([("trace", old)])) == [EVENTS[0]._replace(agent=None)]


@pytest.mark.parametrize("heading", [b"", b"[]", b"{"])
def test_a_foreign_heading_is_said(heading):
    with pytest.raises(ValueError):  # noqa: PT011 the one error that is promised
        decoder(heading)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xc1", msgpack.packb(7), msgpack.packb([("span", [])]), msgpack.packb([("trace", [])])],
)
def test_a_foreign_payload_is_said(payload):
    with pytest.raises(ValueError):  # noqa: PT011 the one error that is promised
        decoder(HEADING)(payload)
