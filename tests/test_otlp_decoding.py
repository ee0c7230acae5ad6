"""OTLP bodies: both encodings say the same, whatever is odd in one of them costs only itself."""

import base64
import json
import math
from random import Random
from sys import getsizeof
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as LogMessage

from server.events import Rejected
from server.receivers.otlp.decoding import (
    jsonbody,
    protobody,
    protovalues,
    reading,
    telling,
    trimming,
    values,
)
from server.receivers.otlp.decoding.framing import framed
from server.receivers.otlp.records import Happening, LogRecord, Span
from server.refusal import Refusal

from .generated import nested, steady
from .otlp import JSON, PROTOBUF, REQUESTS, any_value, as_json, bodies, pairs, request, span

READ: dict[str, Any] = {
    "traces": reading.spans,
    "logs": reading.log_records,
    "metrics": reading.metrics,
}
MOST = 1000


def read(body, media_type=PROTOBUF, signal="traces", most=MOST):
    return list(READ[signal](bytearray(body), media_type, most))


def read_one(message):
    """The only record of a request, which is the same in each form."""
    body = message.SerializeToString()
    found = read(body)
    assert len(found) == 1
    assert same(trimmed(body), found)
    for snake in (False, True):
        for hexadecimal in (False, True):
            text = as_json(message, snake=snake, hexadecimal=hexadecimal)
            assert same(read(text, JSON), found)
            assert same(walked(text), found)
    return found[0]


def trimmed(body, signal="traces"):
    """The same with all that is done to large or faulty records."""
    with patch.object(protovalues, "SMALL", -1):
        return read(body, PROTOBUF, signal)


def walked(text, signal="traces"):
    """The same with all that is done to large bodies."""
    with patch.object(jsonbody, "WHOLE", -1):
        return read(text, JSON, signal)


def same(some, others):
    """Also NaN and NaN."""
    return repr(some) == repr(others)


def refused(body, media_type=PROTOBUF, **options):
    """Why a body is refused."""
    with pytest.raises(Refusal) as refusal:
        read(body, media_type, **options)
    return refusal.value.reason, refusal.value.status


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["traces", "logs"])
def test_captured_requests_say_the_same_in_every_form(signal):
    seen = 0
    for body in bodies(signal):
        message = REQUESTS[signal].FromString(body)
        found = read(body, PROTOBUF, signal)
        assert found == list(map(plainly, records_of(message, signal)))
        assert same(found, trimmed(body, signal))
        for snake in (False, True):
            text = as_json(message, snake=snake)
            assert same(read(text, JSON, signal), found)
            assert same(walked(text, signal), found)
        seen += len(found)
    assert seen


def records_of(message, signal):
    """Each record of a request with what it belongs to, by the library alone."""
    groups, scopes, records = {
        "traces": ("resource_spans", "scope_spans", "spans"),
        "logs": ("resource_logs", "scope_logs", "log_records"),
    }[signal]
    for group in getattr(message, groups):
        for scope in getattr(group, scopes):
            for record in getattr(scope, records):
                yield group.resource, scope.scope, record


def plainly(found):
    """A record as the simplest code there is reads it."""
    resource, scope, said = found
    about = plain_pairs(resource.attributes), scope.name, said.trace_id.hex(), said.span_id.hex()
    attributes = plain_pairs(said.attributes)
    if isinstance(said, LogMessage):
        time = said.time_unix_nano or said.observed_time_unix_nano
        texts = said.severity_text, said.event_name
        return LogRecord(*about, time, said.severity_number, *texts, plain(said.body), attributes)
    times = said.start_time_unix_nano, said.end_time_unix_nano
    events = [
        Happening(one.name, one.time_unix_nano, plain_pairs(one.attributes)) for one in said.events
    ]
    status = said.status.code, said.status.message
    parent = said.parent_span_id.hex()
    return Span(*about, parent, said.name, said.kind, *times, attributes, events, *status)


def plain_pairs(said):
    return {pair.key: plain(pair.value) for pair in said}


def plain(value):
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [plain(one) for one in value.array_value.values]
        case "kvlist_value":
            return plain_pairs(value.kvlist_value.values)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case kind:
            return getattr(value, kind)


def test_captured_metrics_are_counted():
    seen = 0
    for body in bodies("metrics"):
        message = REQUESTS["metrics"].FromString(body)
        count = sum(
            len(scope.metrics)
            for group in message.resource_metrics
            for scope in group.scope_metrics
        )
        assert len(read(body, PROTOBUF, "metrics")) == count
        assert len(read(as_json(message), JSON, "metrics")) == count
        assert len(walked(as_json(message), "metrics")) == count
        seen += count
    assert seen


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    TEXTS,
    st.binary(max_size=9),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=9,
)
ATTRIBUTES = st.dictionaries(TEXTS, VALUES, max_size=6)


@pytest.mark.slow
@steady(300)
@given(ATTRIBUTES, ATTRIBUTES, TEXTS, st.integers(0, 2**64 - 1), st.integers(0, 5))
def test_any_attributes_come_out_as_they_went_in(attributes, resource, text, time, kind):
    said = span(attributes, name=text, start_time_unix_nano=time, kind=kind)
    said.events.add(name=text, time_unix_nano=time, attributes=pairs(attributes))
    said.status.message = text
    found = read_one(request(said, resource=resource, scope=text))
    assert same(found.attributes, expected(attributes))
    assert same(found.happenings[0].attributes, expected(attributes))
    assert same(found.resource, expected(resource))
    assert (found.name, found.scope, found.status_message) == (text, text, text)
    assert (found.start_ns, found.kind) == (time, kind)


def expected(value):
    """What comes of a value."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [expected(one) for one in value]
    if isinstance(value, dict):
        return {name: expected(one) for name, one in value.items() if name}
    return value


@pytest.mark.parametrize(
    ("members", "ids"),
    [
        ({}, ("01" * 16, "02" * 8, "")),
        (
            {"trace_id": b"\xab" * 16, "parent_span_id": b"\xcd" * 8},
            ("ab" * 16, "02" * 8, "cd" * 8),
        ),
        ({"trace_id": bytes(16), "span_id": bytes(8)}, ("", "", "")),
        ({"trace_id": b"", "span_id": b""}, ("", "", "")),
        ({"trace_id": b"\1" * 8, "span_id": b"\2" * 16}, ("", "", "")),
        ({"trace_id": b"\1" * 15, "parent_span_id": b"\2" * 9}, ("", "02" * 8, "")),
    ],
)
def test_ids_are_hex_or_empty(members, ids):
    assert read_one(request(span(**members)))[2:5] == ids


def in_json(**members):
    """The span with these members in JSON."""
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [members]}]}]}
    (found,) = read(json.dumps(body).encode(), JSON)
    assert same(walked(json.dumps(body).encode()), [found])
    return found


@pytest.mark.parametrize(
    ("said", "size", "found"),
    [
        ("AB" * 16, 16, "ab" * 16),
        ("aB" * 16, 16, "ab" * 16),
        ("ab " * 10 + "ab", 16, ""),
        ("zz" * 16, 16, ""),
        ("é" * 32, 16, ""),
        (base64.b64encode(b"\xfe" * 16).decode(), 16, "fe" * 16),
        (base64.b64encode(b"\xfe" * 8).decode(), 16, ""),
        ("!" + base64.b64encode(b"\xfe" * 16).decode(), 16, ""),
        (base64.b64encode(bytes(16)).decode(), 16, ""),
        (17, 16, ""),
        (["ab" * 16], 16, ""),
        (None, 16, ""),
    ],
)
def test_an_id_in_json_is_hex_in_any_case_or_base64(said, size, found):
    assert in_json(traceId=said).trace_id == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("1795000000000000001", 1795000000000000001),
        (1795000000000000001, 1795000000000000001),
        (1.7e18, 1700000000000000000),
        ("1.7e18", 1700000000000000000),
        (2**64 - 1, 2**64 - 1),
        (2**64, 0),
        ("9" * 400, 0),
        (-1, 0),
        ("soon", 0),
        ("", 0),
        (True, 0),
        ([1], 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_a_time_in_json_is_a_number_or_a_string(said, found):
    span = in_json(startTimeUnixNano=said, events=[{"timeUnixNano": said}])
    assert (span.start_ns, span.happenings[0].time_ns) == (found, found)


@pytest.mark.parametrize(
    ("said", "kind"), [(3, 3), ("SPAN_KIND_CLIENT", 3), ("3", 3), ("CLIENT", 0), (None, 0), ([], 0)]
)
def test_an_enumeration_in_json_is_a_number_or_a_name(said, kind):
    assert in_json(kind=said).kind == kind


def test_other_enumerations_have_names_too():
    assert in_json(status={"code": "STATUS_CODE_ERROR", "message": "m"})[-2:] == (2, "m")
    record = {"severityNumber": "SEVERITY_NUMBER_ERROR", "observedTimeUnixNano": "7"}
    body = {"resource_logs": [{"scope_logs": [{"log_records": [record]}]}]}
    (found,) = read(json.dumps(body).encode(), JSON, "logs")
    assert (found.severity_number, found.time_ns) == (17, 7)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"intValue": "11"}, 11),
        ({"intValue": 11}, 11),
        ({"int_value": 11.0}, 11),
        ({"intValue": "x"}, None),
        ({"intValue": 2**63}, None),
        ({"intValue": str(-(2**63))}, -(2**63)),
        ({"doubleValue": "1.5"}, 1.5),
        ({"doubleValue": 1}, 1.0),
        ({"doubleValue": "-Infinity"}, -math.inf),
        ({"doubleValue": "NaN"}, math.nan),
        ({"doubleValue": "x"}, None),
        ({"doubleValue": True}, None),
        ({"boolValue": True}, True),
        ({"boolValue": "false"}, False),
        ({"boolValue": 1}, None),
        ({"bytesValue": "AAE="}, "AAE="),
        ({"stringValue": 7}, None),
        ({"stringValue": None, "intValue": "3"}, 3),
        ({"futureValue": 1, "stringValue": "x"}, "x"),
        ({"arrayValue": {}}, []),
        ({"arrayValue": [1]}, []),
        ({"arrayValue": {"values": [1, {"intValue": 2}]}}, [None, 2]),
        ({"kvlistValue": {"values": [1, {"key": "k"}, {"key": 2}]}}, {"k": None}),
        ({"kvlist_value": {}}, {}),
        ({}, None),
        ("x", None),
        (None, None),
    ],
)
def test_a_value_in_json_is_read_where_it_can_be(said, found):
    assert same(in_json(attributes=[{"key": "a", "value": said}]).attributes, {"a": found})


def test_a_number_that_is_no_json_costs_only_itself():
    body = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "n", "attributes": [%b]}]}]}]}'
    (found,) = read(body % b'{"key": "a", "value": {"doubleValue": NaN}}', JSON)
    assert (found.name, found.attributes) == ("n", {"a": None})


def test_nothing_is_absent_and_everything_of_another_type_too():
    nothing = in_json()
    odds: list[object] = [None, 7, "x", [], [7, None, "x", [[]]], {}, {"values": 7}, True]
    for odd in odds:
        names = ("attributes", "events", "status", "name", "links", "unheardOf")
        assert in_json(**dict.fromkeys(names, odd))._replace(name="", happenings=[]) == nothing


@pytest.mark.parametrize("odd", [None, 7, "x", [], [7, None, "x"], {}, {"spans": 7}, True])
@pytest.mark.parametrize("name", ["resource", "scopeSpans", "resourceSpans", "scope", "spans"])
def test_what_leads_to_spans_may_be_odd_too(name, odd):
    good = {"scopeSpans": [{"scope": {"name": "s"}, "spans": [{"name": "n"}]}]}
    for body in (
        {"resourceSpans": [{name: odd}, good]},
        {"resourceSpans": [{"scopeSpans": [{name: odd}]}, odd, good]},
        {"unheardOf": odd, "resourceSpans": [good, odd]},
    ):
        text = json.dumps(body).encode()
        found = read(text, JSON)
        assert ("n", "s") in [(span.name, span.scope) for span in found]
        assert same(walked(text), found)


def test_a_native_body_for_another_route_has_no_records():
    assert read(b"{}", JSON) == read(b"", PROTOBUF) == walked(b" { } ") == []
    assert read(b'{"provider": "p", "model": "m"}', JSON, "logs") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"{",
        b'{"resourceSpans": [{]}',
        b'{"resourceSpans": [{}}}',
        b"\xff",
        b"{}{}",
    ],
)
def test_what_is_no_json_object_is_refused(body):
    assert refused(body, JSON) == ("invalid_json", 400)
    with patch.object(jsonbody, "WHOLE", -1):
        assert refused(body, JSON) == ("invalid_json", 400)


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-ndjson"])
def test_other_media_types_are_refused(media_type):
    assert refused(b"{}", media_type) == ("unsupported_media_type", 415)


def test_fields_that_come_twice_merge_and_unknown_ones_are_ignored():
    first, second = request(span(), resource={"a": 1}), request(resource={"b": 2}, scope="later")
    group = first.resource_spans[0], second.resource_spans[0]
    unknown = b"\xf8\x3f\x07" + framed(1000, b"x" * 200) + b"\xfd\x3f1234" + b"\xf9\x3f12345678"
    scope = b"".join(one.scope_spans[0].SerializeToString() for one in group) + unknown
    resources = framed(1, group[0].resource.SerializeToString()), b""
    later = framed(1, group[1].resource.SerializeToString())
    body = unknown + framed(1, resources[0] + framed(2, scope) + unknown + later)
    (found,) = read(body)
    assert (found.resource, found.scope) == ({"a": 1, "b": 2}, "later")
    assert found.span_id == "02" * 8


def test_fields_of_another_wire_type_are_unknown_ones():
    body = b"\x08\x07" + framed(1, b"\x08\x07\x10\x07" + framed(2, b"\x10\x07\x09" + b"x" * 8))
    assert read(body) == []
    (found,) = read(framed(1, framed(2, framed(2, b"\x28\x07\x48\x07"))))
    assert (found.name, found.attributes) == ("", {})


@pytest.mark.parametrize(
    "body",
    [
        b"\x0a",
        b"\x0a\x01",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x00\x00",
        b"\x08",
        b"\x08" + b"\xff" * 10,
        b"\x09" + b"x" * 7,
        b"\x0d" + b"x" * 3,
        b"\x0b\x0c",
        b"\x0e\x00",
        b"\x0f\x00",
        b"\xff\xff\xff\xff\xff\x01\x00",
        b'{"resourceSpans": []}',
        framed(1, b"\x12\x05"),
        framed(1, framed(2, b"\x12\x05")),
    ],
)
def test_what_is_no_protobuf_is_refused(body):
    assert refused(body) == ("invalid_protobuf", 400)
    assert refused(body, signal="metrics") == ("invalid_protobuf", 400)


def test_a_body_cut_anywhere_is_refused_or_has_fewer_spans():
    body = request(span({"a": "b"}), span({"c": 2}), resource={"d": 3}).SerializeToString()
    for length in range(1, len(body)):
        assert refused(body[:length]) == ("invalid_protobuf", 400)
    text = as_json(request(span({"a": "b"}), resource={"d": 3}))
    for length in range(len(text)):
        assert refused(text[:length], JSON) == ("invalid_json", 400)
        with patch.object(jsonbody, "WHOLE", -1):
            assert refused(text[:length], JSON) == ("invalid_json", 400)


@pytest.mark.parametrize("record", [b"\x2a\x05", b"\x0e", b"\x5a\x02\x1a\x09"])
def test_a_span_that_cannot_be_decoded_costs_only_itself(record):
    good = span().SerializeToString()
    found = read(framed(1, framed(2, framed(2, good) + framed(2, record) + framed(2, good))))
    assert [type(one) for one in found] == [Span, Rejected, Span]
    assert found[1][:3] == ("trace", "schema_invalid", "")
    found = read(framed(1, framed(2, framed(2, record[:1]))), signal="logs")
    assert found[0][:3] == ("error", "schema_invalid", "")


def test_a_text_that_is_no_utf8_is_mended():
    said = span({"good": "é"}, name="0123456789").SerializeToString()
    said = said.replace(b"0123456789", b"\xc3\xa9\xff\xed\xa0\x80 ok.")
    resource = framed(1, framed(1, framed(1, b"\xff") + framed(2, framed(1, b"\xfe"))))
    (found,) = read(
        framed(1, resource + framed(2, framed(1, framed(1, b"\xfd")) + framed(2, said)))
    )
    assert found.name == "é\ufffd\ufffd\ufffd\ufffd ok."
    assert found.attributes == {"good": "é"}
    assert (found.resource, found.scope) == ({"\ufffd": "\ufffd"}, "\ufffd")


def test_nul_and_lone_surrogates_are_replaced():
    odd = {"\0": "a\0", "list": ["\0"], "map": {"\0": 1}}
    found = read_one(request(span(odd, name="\0"), resource=odd, scope="\0"))
    clean = {"\ufffd": "a\ufffd", "list": ["\ufffd"], "map": {"\ufffd": 1}}
    assert found.attributes == found.resource == clean
    assert (found.name, found.scope) == ("\ufffd", "\ufffd")
    surrogate = [{"key": "a\ud800", "value": {"stringValue": "\udfff"}}]
    assert in_json(name="\ud800", attributes=surrogate)[5] == "?"
    assert in_json(attributes=surrogate).attributes == {"a?": "?"}


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"k": inner}])
def test_what_nests_too_deep_is_cut_off(make):
    value: object = "bottom"
    for _ in range(values.MAX_DEPTH):
        value = make(value)
    assert read_one(request(span({"a": value}))).attributes == {"a": value}
    found = read_one(request(span({"a": make(value)}))).attributes["a"]
    for _ in range(values.MAX_DEPTH):
        (found,) = found.values() if isinstance(found, dict) else found
    assert found == values.TOO_DEEP


@pytest.mark.parametrize("depth", [49, 60, 300, 2000])
def test_an_abyss_is_cut_off_too(depth):
    content = b""
    for _ in range(depth):
        content = framed(5, framed(1, content))
    said = framed(5, b"n") + framed(9, framed(1, b"a") + framed(2, content))
    (found,) = read(framed(1, framed(2, framed(2, said))))
    assert found.name == "n"
    assert "…" in repr(found.attributes)


def test_an_abyss_in_json_is_cut_off_or_refused():
    value: object = {"stringValue": "x"}
    for _ in range(300):
        value = {"arrayValue": {"values": [value]}}
    assert "…" in repr(in_json(attributes=[{"key": "a", "value": value}]).attributes)
    text = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": %b}]}]}]}'
    abyss = text % (b"[" * 50_000 + b"]" * 50_000)
    assert refused(abyss, JSON) == ("invalid_json", 400)


def test_a_long_list_of_numbers_costs_neither_time_nor_what_follows():
    vectors = {f"embedding.{n}.vector": [0.5] * 1536 for n in range(20)}
    said = span({**vectors, "messages": [{"role": "user"}] * 500, "model": "m"})
    for found in read(request(said).SerializeToString()), read(as_json(request(said)), JSON):
        attributes = found[0].attributes
        assert 100 <= sum(len(attributes[name]) for name in vectors) <= values.MAX_NUMBERS
        assert (attributes["messages"], attributes["model"]) == ([{"role": "user"}] * 500, "m")


@pytest.mark.slow
def test_a_list_of_millions_is_cut_short():
    said = {"a": ["x"] * 100_000, "model": "m"}
    for found in (
        read(request(span(said)).SerializeToString()),
        read(as_json(request(span(said))), JSON),
        walked(as_json(request(span(said)))),
    ):
        assert 1000 < len(found[0].attributes["a"]) <= values.MAX_NESTED
        assert found[0].attributes["model"] == "m"


@pytest.mark.slow
@pytest.mark.parametrize("part", ["x", "é", "日", "👍", "x" * 63 + "👍"])
def test_giant_texts_are_cut_inside_no_character(part):
    size = len(part.encode())
    said = span({"a": part * (2**24 // size), "b": part * 10})
    message = request(said)
    for found in read(message.SerializeToString()), walked(as_json(message, escaped=False)):
        (found,) = found
        if isinstance(found, Rejected):  # four bytes a character, beside its text
            assert ("👍" in part, found.reason) == (True, "unstorable")
        else:
            assert 2**20 < getsizeof(found.attributes["a"]) <= values.MAX_TEXT + 100
            assert set(found.attributes["a"]) == set(part)


@pytest.mark.parametrize("field", [9, 11, 13, 99])
def test_a_span_of_a_million_fields_costs_only_itself(field):
    hostile = framed(field, b"") * (trimming.MAX_FIELDS + 1)
    good = span().SerializeToString()
    found = read(framed(1, framed(2, framed(2, hostile) + framed(2, good))))
    assert [type(one) for one in found] == [Rejected, Span]
    assert found[0].reason == "unstorable"


def test_events_without_end_are_left_out():
    said = span({"model": "m"})
    for number in range(values.MAX_HAPPENINGS + 1):
        said.events.add(time_unix_nano=number + 1)
    for found in read(request(said).SerializeToString()), read(as_json(request(said)), JSON):
        assert found[0].attributes == {"model": "m"}
        times = [one.time_ns for one in found[0].happenings]
        assert times == list(range(1, values.MAX_HAPPENINGS + 1))


def test_a_span_in_json_that_is_too_heavy_costs_only_itself():
    heavy = b'{"attributes": [' + b"{}," * 400_000 + b"{}]}"
    body = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "n"}, %b, {}]}]}]}' % heavy
    found = read(body, JSON)
    assert [type(one) for one in found] == [Span, Rejected, Span]
    assert found[1].reason == "unstorable"


def test_the_limit_of_records_is_exact():
    message = request(*[span()] * 5)
    for body, media_type in (message.SerializeToString(), PROTOBUF), (as_json(message), JSON):
        assert len(read(body, media_type, most=5)) == 5
        assert refused(body, media_type, most=4) == ("too_many_events", 413)
        with patch.object(jsonbody, "WHOLE", -1):
            assert refused(body, media_type, most=4) == ("too_many_events", 413)


def test_each_span_may_come_with_its_own_resource_and_scope():
    message = ExportTraceServiceRequest()
    for number in range(MOST):
        one = request(span(), resource={"n": number}).resource_spans[0]
        one.schema_url = one.scope_spans[0].schema_url = "u"
        message.resource_spans.append(one)
    for body, media_type in (message.SerializeToString(), PROTOBUF), (as_json(message), JSON):
        assert [span.resource["n"] for span in read(body, media_type)] == list(range(MOST))


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"\x0a\x00" * 2_000_000, PROTOBUF),
        (b"\x08\x00" * 2_000_000, PROTOBUF),
        (framed(1, b"\x12\x00" * 2_000_000), PROTOBUF),
        (framed(1, framed(2, b"\x08\x00" * 2_000_000)), PROTOBUF),
        (b'{"resourceSpans": [' + b"{}," * 300_000 + b"{}]}", JSON),
        (b'{"resourceSpans": [' + b"{}," * 2_000_000 + b"{}]}", JSON),
        (b'{"a": 0' + b', "a": 0' * 1_000_000 + b"}", JSON),
    ],
)
def test_what_holds_no_record_has_a_limit_too(body, media_type):
    assert refused(body, media_type) == ("too_many_events", 413)


@pytest.mark.parametrize(
    "group",
    [
        b'{"unheardOf": %b}',
        b'{"resource": %b, "scopeSpans": []}',
        b'{"scopeSpans": [{"scope": %b, "spans": []}]}',
        b'{"scopeSpans": [{"spans": [%b]}]}',
    ],
)
def test_what_no_record_lies_between_has_one_limit_of_brackets(group):
    said = group % (b"[" * 20_000 + b"]" * 20_000)
    text = b'{"resourceSpans": [%b]}'
    assert walked(text % b",".join([said] * 2)) == []
    with pytest.raises(Refusal, match="too many arrays"):
        walked(text % b",".join([said] * 3))
    record = b', {"scopeSpans": [{"spans": [{}]}]},'
    assert len(walked(text % record.join([said] * 3))) == 2


def test_what_is_said_of_no_record_is_not_read():
    said = request(resource={"a": 1})
    with patch.object(protobody, "attributes") as attributes:
        assert read(said.SerializeToString()) == []
    attributes.assert_not_called()
    text = b'{"resourceSpans": [{"resource": {"attributes": [nothing]}, "scopeSpans": [%b]}]}'
    assert walked(text % b'{"scope": {no}, "spans": []}') == []
    with pytest.raises(Refusal):
        walked(text % b'{"spans": [{}]}')


@pytest.mark.slow
def test_any_bytes_are_read_or_refused():
    chance = Random(1)  # noqa: S311 no secret
    for _ in range(3000):
        attempt(chance.randbytes(chance.choice((1, 2, 5, 20, 100))))
    for body in [*bodies("traces")][::10]:
        for _ in range(20):
            damaged = bytearray(body)
            for _ in range(chance.choice((1, 1, 3))):
                damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            attempt(damaged)


def attempt(body):
    for signal in READ:
        for read_ in read, trimmed:
            try:
                read_(body, signal=signal)
                reason = None
            except Refusal as refusal:
                reason = refusal.reason
            assert reason in (None, "invalid_protobuf")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resource", "scopeSpans", "spans", "attributes", "key", "value"])
            | st.sampled_from(["stringValue", "arrayValue", "values", "kvlistValue", "intValue"])
            | st.sampled_from(["traceId", "events", "status", "kind", "name", "doubleValue"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@pytest.mark.slow
@steady(500)
@given(JSON_VALUES, st.sampled_from(["group", "scope", "span", "attribute"]))
def test_any_json_is_read_and_the_same_when_it_is_large(value, place):
    attribute = {"key": "k", "value": value} if place == "attribute" else {}
    one = value if place == "span" else {"attributes": [attribute], "events": [value]}
    scope = value if place == "scope" else {"spans": [one, value]}
    group = value if place == "group" else {"scopeSpans": [scope]}
    text = json.dumps({"resourceSpans": [group]}).encode()
    found = read(text, JSON)
    assert len(walked(text)) == len(found)


@pytest.mark.parametrize(
    ("body", "is_otlp"),
    [
        (b'{"resourceSpans":[]}', True),
        (b' \r\n{\t"resource_spans" : [', True),
        (b'{"a": {"b": ["}"]}, "resourceSpans": []}', True),
        (b'{"provider": "resourceSpans", "model": "m"}', False),
        (b'{"provider": "p", "x": {"resourceSpans": []}}', False),
        (b'{"provider": "p", "x": "\\"resourceSpans\\": []"}', False),
        (b'[{"resourceSpans": []}]', False),
        (b' [{"resourceSpans": []}]', False),
        (b'"resourceSpans"', False),
        (b'{"x": {"resourceSpans"', False),
        (b"{}", False),
        (b"", False),
    ],
)
def test_otlp_is_told_from_native_json_by_a_member_of_the_body(body, is_otlp):
    assert telling.is_traces(bytearray(body), JSON) == is_otlp
    assert not telling.is_traces(bytearray(body), "application/x-ndjson")
    assert telling.is_traces(bytearray(body), PROTOBUF)


def test_a_giant_native_body_is_told_at_once():
    text = b'{"provider": "p", "x": {"resourceSpans": ' + b"[" * 10_000_000
    assert not telling.is_traces(bytearray(text), JSON)


def test_log_records_have_bodies_of_any_kind():
    message = ExportLogsServiceRequest()
    records = message.resource_logs.add().scope_logs.add().log_records
    for body in ("text", {"content": ["a", 1]}, None, 1.5):
        records.add(body=any_value(body), event_name="e", severity_number=17, time_unix_nano=5)
    for found in (
        read(message.SerializeToString(), PROTOBUF, "logs"),
        trimmed(message.SerializeToString(), "logs"),
        read(as_json(message), JSON, "logs"),
    ):
        assert [one.body for one in found] == ["text", {"content": ["a", 1]}, None, 1.5]
        assert {one[4:6] + one[7:8] for one in found} == {(5, 17, "e")}


def test_deeply_nested_plain_json_under_a_value_is_harmless():
    assert in_json(attributes=[{"key": "a", "value": nested(200)}]).attributes == {"a": None}
