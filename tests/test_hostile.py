"""Bodies made to take memory: the real process answers them all, and stays as small as it was."""

import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from backports import zstd

from .process import serving
from .raw import ask, chunk, connect, head

pytestmark = pytest.mark.slow

TRACE = b'{"provider": "openai", "model": "gpt-4o-mini", "input_text": "%b"}'
AT_ONCE = 12
MOST = 96 * 2**20
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
    "empty arrays": ("identity", lambda: b"[]," * 10_000_000),
    "objects in objects": ("identity", lambda: b'{"a":' * 6_000_000 + b"1" + b"}" * 6_000_000),
    "arrays in an event": ("identity", lambda: event(array(b"[],", 31_000_000))),
    "objects in an event": ("identity", lambda: event(array(b'{"a":{}},', 31_000_000))),
    "one text": ("identity", lambda: TRACE % (b"y" * 29_000_000)),
    "one wide text": ("identity", lambda: TRACE % ("é\U0001f600" * 5_000_000).encode()),
    "arrays, packed": ("gzip", lambda: gzip.compress(array(b"[],", 31_000_000), 1)),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service that has had something to do."""
    with serving(tmp_path_factory.mktemp("hostile") / "t.db") as service:
        for text in ("x", "x" * 10_000_000):
            service.post("/v1/traces", [json.loads(TRACE % text.encode())] * 2)
        yield service
        status, errors = service.stop()
    assert status == 0
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", BODIES)
def test_hostile_bodies_take_little_memory(name, service):
    coding, make = BODIES[name]
    body = make()
    announced = head(f"Content-Length: {len(body)}", f"Content-Encoding: {coding}")
    in_chunks = head("Transfer-Encoding: chunked", f"Content-Encoding: {coding}")
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
        assert statuses <= {202, 400, 413, 503}


def send(service, begin, body, in_chunks):
    """The status of the answer."""
    with connect(service.url, 60) as connection:
        connection.sendall(begin)
        for start in range(0, len(body), 2**20):
            part = body[start : start + 2**20]
            connection.sendall(chunk(part) if in_chunks else part)
        return ask(connection, chunk() if in_chunks else b"").status
