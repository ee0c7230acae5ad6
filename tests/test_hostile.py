"""Bodies made to take memory: the real process answers them all, and stays as small as it was."""

import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest
from backports import zstd

from server.receivers.otlp.decoding.framing import framed

from .envelopes import PATH
from .otlp import JSON, PROTOBUF
from .process import serving
from .raw import ask, chunk, connect, head

pytestmark = pytest.mark.slow

TRACE = b'{"provider": "openai", "model": "gpt-4o-mini", "input_text": "%b"}'
AT_ONCE = 12
MOST = 112 * 2**20
"""Two bodies of 31 MB and what reading takes: 66 MiB as a rule, 101 where both are read at once."""
BOMB = [b"[" + b" " * 2**20] * 200


def packed(stream):
    return b"".join([*map(stream.compress, BOMB), stream.flush()])


def array(item, size):
    return b"[" + item * (size // len(item)) + b"0]"


def event(value):
    return b'{"provider": "p", "model": "m", "x": %b}' % value


BODIES = {
    "spaces": ("identity", lambda: b" " * 50_000_000),
    "gzip": ("gzip", lambda: packed(zlib.compressobj(wbits=31))),
    "deflate": ("deflate", lambda: packed(zlib.compressobj())),
    "zstd": ("zstd", lambda: packed(zstd.ZstdCompressor())),
    "brotli": ("br", lambda: brotli.compress(b"".join(BOMB), quality=1)),
    "brotli, a window": ("br", lambda: brotli.compress(bytes(2**25), quality=5, lgwin=24)),
    "empty arrays": ("identity", lambda: b"[]," * 10_000_000),
    "objects in objects": ("identity", lambda: b'{"a":' * 6_000_000 + b"1" + b"}" * 6_000_000),
    "arrays in an event": ("identity", lambda: event(array(b"[],", 31_000_000))),
    "objects in an event": ("identity", lambda: event(array(b'{"a":{}},', 31_000_000))),
    "one text": ("identity", lambda: TRACE % (b"y" * 29_000_000)),
    "one wide text": ("identity", lambda: TRACE % ("é\U0001f600" * 5_000_000).encode()),
    "arrays, packed": ("gzip", lambda: gzip.compress(array(b"[],", 31_000_000), 1)),
}


SIZE = 31_000_000


def spans(said):
    """A request in protobuf with what one scope says."""
    return framed(1, framed(2, said))


def attribute(value):
    return framed(9, framed(1, b"input.value") + framed(2, value))


def vectors():
    number = b"\x0a\x09\x21" + b"\x12" * 8
    return attribute(framed(5, number * 1536)) * (SIZE // 1536 // 11)


def attributes_in_json(said):
    """A request in JSON with the attributes of one span."""
    inner = b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [%b]}]}]}]}'
    return inner % said


TEXT = b'{"key": "input.value", "value": {"stringValue": "%b"}}'
OTLP = {
    "groups": (PROTOBUF, lambda: b"\x0a\x00" * (SIZE // 2)),
    "unknown fields": (PROTOBUF, lambda: b"\x08\x00" * (SIZE // 2)),
    "scopes": (PROTOBUF, lambda: framed(1, b"\x12\x00" * (SIZE // 2))),
    "spans": (PROTOBUF, lambda: spans(b"\x12\x00" * (SIZE // 2))),
    "attributes": (PROTOBUF, lambda: spans(framed(2, b"\x4a\x00" * (SIZE // 2)))),
    "attributes of 32 KiB": (PROTOBUF, lambda: spans(framed(2, b"\x4a\x00" * 16_000) * 100)),
    "events": (PROTOBUF, lambda: spans(framed(2, b"\x5a\x00" * (SIZE // 2)))),
    "values": (PROTOBUF, lambda: spans(framed(2, attribute(framed(5, b"\x0a\x00" * (SIZE // 2)))))),
    "vectors": (PROTOBUF, lambda: spans(framed(2, vectors()))),
    "resource": (PROTOBUF, lambda: framed(1, framed(1, b"\x0a\x00" * (SIZE // 2)) + b"\x12\x00")),
    "one text": (PROTOBUF, lambda: spans(framed(2, attribute(framed(1, b"y" * SIZE))))),
    "no UTF-8": (PROTOBUF, lambda: spans(framed(2, attribute(framed(1, b"\xff" * SIZE))))),
    "one wide text": (
        PROTOBUF,
        lambda: spans(framed(2, attribute(framed(1, "é\U0001f600".encode() * (SIZE // 6))))),
    ),
    "groups in JSON": (JSON, lambda: b'{"resourceSpans": [%b{}]}' % (b"{}," * (SIZE // 3))),
    "members in JSON": (
        JSON,
        lambda: b'{"resourceSpans": [], %b"b": 1}' % (b'"a":0,' * (SIZE // 6)),
    ),
    "attributes in JSON": (JSON, lambda: attributes_in_json(b"{}," * (SIZE // 3) + b"{}")),
    "brackets in JSON": (JSON, lambda: attributes_in_json(b"[" * SIZE)),
    "one text in JSON": (JSON, lambda: attributes_in_json(TEXT % (b"y" * SIZE))),
    "one wide text in JSON": (
        JSON,
        lambda: attributes_in_json(TEXT % ("é\U0001f600".encode() * (SIZE // 6))),
    ),
}


def envelope_of(payload):
    """An envelope of one event."""
    return b'{}\n{"type": "event", "length": %d}\n%b' % (len(payload), payload)


ENVELOPES = {
    "items": lambda: b"{}\n" + b"{}\n\n" * (SIZE // 4),
    "events": lambda: b"{}\n" + b'{"type":"event"}\n{}\n' * (SIZE // 20),
    "header": lambda: b'{"a": [%b0]}' % (b"0," * (SIZE // 2)),
    "lines": lambda: b"{}" + b"\n" * SIZE,
    "attachment": lambda: b'{}\n{"type": "attachment"}\n' + b"y" * SIZE,
    "values": lambda: envelope_of(b'{"extra": {"a": [%b0]}}' % (b"0," * (SIZE // 2))),
    "exceptions": lambda: envelope_of(b'{"exception": [%b0]}' % (b'{"a":0},' * (SIZE // 8))),
    "tags": lambda: envelope_of(b'{"tags": [%b0]}' % (b'["a",0],' * 400_000)),
    "template": lambda: envelope_of(b'{"message": "%b"}' % (b"%s" * (SIZE // 2))),
    "one wide text": lambda: envelope_of(
        b'{"message": "%b"}' % ("é\U0001f600".encode() * 5_000_000)
    ),
}


@pytest.fixture(scope="module")
def service(layer, tmp_path_factory):
    """A service that has had something to do, and time for what a busy machine sends."""
    database = tmp_path_factory.mktemp("hostile") / "t.db"
    with serving(database, "--body-timeout-seconds=60") as service:
        for text in ("x", "x" * 10_000_000):
            service.post("/v1/traces", [json.loads(TRACE % text.encode())] * 2)
        yield service
        status, errors = service.stop()
    assert status == 0
    assert "Traceback" not in errors


@pytest.mark.both_layers
@pytest.mark.parametrize("name", BODIES)
def test_hostile_bodies_take_little_memory(name, service):
    coding, make = BODIES[name]
    takes_little(service, make(), f"Content-Encoding: {coding}")


@pytest.mark.parametrize("name", OTLP)
def test_hostile_otlp_takes_little_memory(name, service):
    media_type, make = OTLP[name]
    takes_little(service, make(), media_type=media_type)


@pytest.mark.parametrize("name", ENVELOPES)
def test_hostile_envelopes_take_little_memory(name, service):
    takes_little(service, ENVELOPES[name](), path=PATH)


def takes_little(service, body, *headers, **options):
    """Send it a dozen times at once, and again in chunks."""
    announced = head(f"Content-Length: {len(body)}", *headers, **options)
    in_chunks = head("Transfer-Encoding: chunked", *headers, **options)
    for begin in (announced, in_chunks):
        service.forget_peak()
        before = service.memory("VmHWM")
        with ThreadPoolExecutor(AT_ONCE) as threads:
            sent = [
                threads.submit(send, service, begin, body, begin is in_chunks)
                for _ in range(AT_ONCE)
            ]
        statuses = {one.result() for one in sent}
        assert service.memory("VmHWM") - before < MOST, statuses
        assert statuses <= {200, 202, 400, 413, 503}


def send(service, begin, body, in_chunks):
    """The status of the answer."""
    with connect(service.url, 60) as connection:
        connection.sendall(begin)
        for start in range(0, len(body), 2**20):
            part = body[start : start + 2**20]
            connection.sendall(chunk(part) if in_chunks else part)
        return ask(connection, chunk() if in_chunks else b"").status
