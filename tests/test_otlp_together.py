"""Spans come to the same whether they are worked on alone or together, known or for the first
time."""

from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from server.config import Config
from server.events import Invalid, Rejected
from server.normalise import Normaliser
from server.parts import make_receivers
from server.receivers import documents
from server.receivers.otlp.calls import attributes
from server.receivers.otlp.calls.conventions import USES
from server.receivers.otlp.decoding import jsonbody, reading, together
from server.receivers.otlp.decoding.framing import framed
from server.receivers.otlp.failing.pending import LATER, NO_CALL
from server.receivers.otlp.records import Raw
from server.receivers.otlp.texts import indexed
from server.receivers.otlp.texts.carriers import CARRIERS, FAMILIES
from server.validation import Schema

from .otlp import JSON, PROTOBUF, REQUESTS, any_value, bodies, call, packed, pairs, tool

NAMES = sorted({*USES, *CARRIERS, "plain", "server.region", "gen_ai.operation.name", "model"})
MEMBERS = ("0.role", "0.message.content", "1.content", "0.tool_calls.0.function.name", "x", "0")
VALUES: tuple[Any, ...] = (
    *("openai", "OpenAI.chat", "gpt-4o", "", "None", "11", "0", "true", "[]", '{"model": "m"}'),
    *('["stop"]', "usage {'cached_tokens': 7}", " padded ", '"quoted"', "é" * 300, "x" * 3000),
    *(0, 1, 7, -1, 2**62, 0.0, 0.25, float("nan"), True, False, None, ["stop"], [], {"a": 1}),
)


@pytest.fixture(scope="module")
def captured_spans():
    return [
        span
        for body in bodies("traces")
        for group in REQUESTS["traces"].FromString(body).resource_spans
        for inner in group.scope_spans
        for span in inner.spans
    ]


def changed(span, rng):
    """A span as it was captured, or nearly so."""
    found = type(span)()
    found.CopyFrom(span)
    for _ in range(rng.randrange(4)):
        match rng.randrange(6):
            case 0 if found.attributes:
                del found.attributes[rng.randrange(len(found.attributes))]
            case 1:
                found.attributes.extend(pairs({rng.choice(NAMES): rng.choice(VALUES)}))
            case 2 if found.attributes:
                rng.choice(found.attributes).value.CopyFrom(any_value(rng.choice(VALUES)))
            case 3:
                found.status.code = rng.randrange(3)
            case 4:
                found.trace_id, found.parent_span_id = b"t" * 16, rng.choice((b"", b"p" * 8))
            case 5:
                said = {"exception.message": rng.choice(("no", "late")), "exception.type": "E"}
                found.events.add(name="exception", attributes=pairs(said))
    return found


def stable(items):
    """The same, without the moment at which each came, in a form that tells NaN from nothing."""
    return [
        repr([event._replace(created_at=0) for event in item])
        if type(item) is tuple
        else repr(item)
        for item in items
    ]


def requests(spans):
    """Requests of some spans, the same ones on every machine that has the same examples."""
    rng = Random(9)  # noqa: S311 no secret
    sizes = [rng.randrange(1, 90) for _ in range(12)]
    return [[changed(rng.choice(spans), rng) for _ in range(size)] for size in sizes]


def come_to(sent, media_type):
    """What the receiver makes of them."""
    body = bytearray(packed(sent, media_type))
    return stable(make_receivers(Config())["spans"].read(body, media_type))


@pytest.mark.slow
@pytest.mark.parametrize("whole", [documents.WHOLE, -1])
@pytest.mark.parametrize("media_type", [PROTOBUF, JSON])
def test_spans_come_to_the_same_alone_and_together(media_type, whole, captured_spans):
    with patch.object(jsonbody, "WHOLE", whole):
        for sent in requests(captured_spans):
            found = come_to(sent, media_type)
            for name, value in (("MOST", 1), ("MOST", 3), ("BYTES", 1), ("BYTES", 4000)):
                with patch.object(together, name, value):
                    assert come_to(sent, media_type) == found


def picky(monkeypatch, owner, method, model):
    """Have this method find fault with a call of that model."""
    does = getattr(owner, method)

    def find_fault(self, *given):
        if any(isinstance(one, dict) and one.get("model") == model for one in given):
            raise Invalid("unstorable", "/model", f"is {model}")
        return does(self, *given)

    monkeypatch.setattr(owner, method, find_fault)


def test_what_is_faulty_and_what_is_no_call_keep_their_places_among_calls(monkeypatch):
    picky(monkeypatch, Schema, "check", "bad")
    picky(monkeypatch, Normaliser, "draft", "odd")
    bad, odd = (call(3, {"gen_ai.request.model": model}) for model in ("bad", "odd"))
    no_span = framed(1, framed(2, framed(2, b"\x07")))
    last = [bad, odd, call(5), tool(6)]
    body = packed([call(1), tool(2)], PROTOBUF) + no_span + packed(last, PROTOBUF)
    told = make_receivers(Config())["spans"].read(bytearray(body), PROTOBUF)
    undecodable = Rejected("trace", "schema_invalid", "", "a span that cannot be decoded")
    faults = [Rejected("trace", "unstorable", "/model", f"is {model}") for model in ("bad", "odd")]
    *at_once, first, second = told
    assert at_once == [LATER, NO_CALL, undecodable, *faults, LATER, NO_CALL]
    assert [event.span_id[-1] for event in (*first, *second)] == ["1", "5"]


def test_no_more_records_wait_for_each_other_than_take_what_a_large_one_does():
    def lists(*sizes):
        raws = [Raw({}, "", None, size) for size in sizes]
        return [[raw.size for raw in found] for found in together.together(iter(raws))]

    assert lists() == []
    assert lists(*[1] * 130) == [[1] * 64, [1] * 64, [1, 1]]
    large = together.BYTES
    assert lists(1, large, 1, large - 2, 1, 1) == [[1, large], [1, large - 2, 1], [1]]


@pytest.mark.parametrize(("size", "most"), [(1, 64), (2 * together.BYTES, 16)])
def test_few_records_of_a_body_that_is_not_small_wait_for_each_other(size, most):
    spans = [call(number) for number in range(1, 100)]
    spans[0].name = "x" * size
    found = reading.spans_together(bytearray(packed(spans, JSON)), JSON, 1000)
    assert max(map(len, found)) == most


def of_names(rng):
    """Attributes by names that mean something, and by some that may."""
    names = rng.sample(NAMES, rng.randrange(12))
    names += [rng.choice(FAMILIES) + rng.choice(MEMBERS) for _ in range(rng.randrange(4))]
    return {name: rng.choice(VALUES) for name in names}


def test_attributes_are_read_alike_by_known_names_and_by_new_ones():
    rng = Random(9)  # noqa: S311 no secret
    for _ in range(1500):
        said = of_names(rng)
        known = [repr(attributes.read(said)) for _ in range(2)]
        with patch.object(attributes, "_SHORT", -1), patch.object(attributes, "_is_only", never):
            assert known == [repr(attributes.read(said))] * 2


def test_names_are_remembered_within_bounds():
    attributes._remembered.cache_clear()
    for start in range(0x4E00, 0x4E00 + 300):
        attributes.read({chr(start + place): 1 for place in range(1000)})  # 2 MB of names in all
    assert attributes._remembered.cache_info().currsize == 0


def test_lists_are_put_together_alike_by_known_names_and_by_new_ones():
    rng = Random(9)  # noqa: S311 no secret
    for _ in range(1500):
        said = of_names(rng)
        known = repr(indexed.lists(said, FAMILIES))
        with patch.object(indexed, "_SHORT", -1):
            assert repr(indexed.lists(said, FAMILIES)) == known


def never(*_):
    """That no attribute is the only one for a member."""
    return False
