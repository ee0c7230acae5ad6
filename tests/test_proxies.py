"""The documented proxies: good requests arrive, and nothing that two servers read differently."""

import contextlib
import gzip
import http.client
import json
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest

from .malformed.case import event, good, post
from .malformed.framing import CASES, CHUNKED, HEAD
from .process import serving, wait_until
from .proxies.front import connect, is_there, proxy
from .proxies.strict import requests
from .proxies.tap import Tap
from .raw import Answer, announced, chunk, chunked, read_answers, where

pytestmark = [pytest.mark.both_layers, pytest.mark.slow]

BODY = event("trace")
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
PLAIN = post(BODY)
BARE_LF = {
    "everywhere": PLAIN.replace(b"\r\n", b"\n"),
    "behind-the-request-line": PLAIN.replace(b"\r\n", b"\n", 1),
    "behind-a-field": HEAD + b"X: y\n" + LENGTH + b"\r\n" + BODY,
    "before-a-hidden-length": HEAD + b"X: y\nContent-Length: 5\r\n" + LENGTH + b"\r\n" + BODY,
    "before-hidden-chunks": HEAD
    + b"X: y\nTransfer-Encoding: chunked\r\n"
    + LENGTH
    + b"\r\n"
    + BODY,
    "at-the-end-of-the-head": HEAD + LENGTH + b"\n" + BODY,
    "twice-at-the-end-of-the-head": HEAD + LENGTH[:-2] + b"\n\n" + BODY,
    "behind-a-chunk's-size": CHUNKED + b"%x\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    "behind-a-chunk": CHUNKED + b"%x\r\n%b\n0\r\n\r\n" % (len(BODY), BODY),
    "behind-the-last-chunk": CHUNKED + b"%x\r\n%b\r\n0\n\r\n" % (len(BODY), BODY),
    "in-a-chunk's-extension": CHUNKED + b"%x;a\nb\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
}
PRIVATE = ("/metrics", "/health", "/livez", "/readyz", "//metrics", "/V1/../metrics")
DISGUISED = (
    *("/v1/../metrics", "/v1/%2e%2e/metrics", "/v1/..%2fmetrics", "http://x/metrics"),
    *("/api/../metrics", "/api/1/envelope/../../../metrics", "/api/1/envelope/metrics"),
    *("/api/1%2f..%2f..%2fmetrics", "/api/1/../../metrics?/envelope/", "/api/1/store/"),
)


class Front:
    """A proxy, the tap behind it, and the service behind that."""

    def __init__(self, name, port, tap, service, database):
        self.name, self.port, self.tap = name, port, tap
        self.service, self.database = service, database

    def ask(self, request):
        """The first final answer to a request on a connection of its own."""
        with connect(self.port) as connection:
            with contextlib.suppress(OSError):  # it has heard enough
                connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Answer(response.status, response.headers, response.read())

    def arrived(self):
        """Bytes that came through until now."""
        return sum(map(len, self.tap.came))

    def requests(self):
        """What they say, to the letter."""
        return [one for came in self.tap.came for one in requests(bytes(came))]


@pytest.fixture(scope="module", params=["apache", "nginx"])
def front(request, layer, tmp_path_factory):
    if not is_there(request.param):
        pytest.skip(f"{request.param} is not installed")
    database = tmp_path_factory.mktemp("service") / "t.db"
    with serving(database) as service:
        tap = Tap(where(service.url))
        with proxy(request.param, tmp_path_factory.mktemp(request.param), tap.port) as port:
            yield Front(request.param, port, tap, service, database)
        tap.close()


@pytest.mark.parametrize(
    "ask",
    [
        announced(BODY),
        chunked(BODY, size=7) + chunk(),
        announced(gzip.compress(BODY), "Content-Encoding: gzip"),
        announced(BODY, "Expect: 100-continue"),
    ],
    ids=["announced", "chunked", "gzip", "expect"],
)
def test_a_good_request_is_answered_by_the_service(front, ask):
    answer = front.ask(ask)
    assert (answer.status, answer.json["accepted"]) == (202, 1)


def test_a_body_stays_packed_and_the_key_comes_along(front):
    packed = gzip.compress(good("packed"))
    keys = ("Authorization: Bearer tw_a", "x-api-key: tw_b")
    assert front.ask(announced(packed, "Content-Encoding: gzip", *keys)).status == 202
    came = front.requests()[-1]
    assert (came.body, came.fields[b"content-encoding"]) == (packed, b"gzip")
    assert came.fields[b"authorization"] == b"Bearer tw_a"
    assert came.fields[b"x-api-key"] == b"tw_b"


def test_an_envelope_of_sentry_comes_through(front):
    body = b'{}\n{"type":"session"}\n{}'
    auth = "X-Sentry-Auth: Sentry sentry_key=tw_a"
    for path in ("/api/42/envelope/", "/api/42/envelope/?sentry_key=tw_b", "/api/42/envelope"):
        assert front.ask(announced(body, auth, path=path)).status == 200
    assert front.requests()[-1].fields[b"x-sentry-auth"] == b"Sentry sentry_key=tw_a"


def test_connections_to_the_service_are_used_again(front):
    with connect(front.port) as connection, connection.makefile("rb") as stream:
        answers = read_answers(stream)
        connection.sendall(PLAIN)
        assert next(answers).status == 202
        opened = len(front.tap.came)
        for _ in range(20):
            connection.sendall(PLAIN)
            assert next(answers).status == 202
    assert len(front.tap.came) == opened


@pytest.mark.parametrize("size", [20, 31])
def test_a_large_body_comes_through_whole(front, size):
    body = json.dumps([{**json.loads(BODY), "input_text": "x" * 2**20}] * size).encode()
    assert front.ask(announced(body)).json["accepted"] == size
    assert front.ask(chunked(body) + chunk()).json["accepted"] == size


def test_a_body_over_the_limit_is_refused(front):
    before = front.arrived()
    assert front.ask(announced(bytes(32 * 2**20 + 1))).status == 413
    if front.name == "nginx":  # httpd limits no body that it passes on: the service does
        assert front.arrived() == before


@pytest.mark.parametrize("path", [*PRIVATE, *DISGUISED])
def test_nothing_but_the_routes_of_senders_is_published(front, path):
    before = front.arrived()
    answer = front.ask(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.status in (400, 403, 404)
    assert front.arrived() == before


@pytest.mark.parametrize("what", BARE_LF)
def test_a_bare_lf_never_arrives(front, what):
    before = front.arrived()
    status = front.ask(BARE_LF[what]).status
    if front.name == "apache":
        assert (status, front.arrived()) == (400, before)
    else:  # it reads it as a line's end, and writes a head of its own; bodies get a length
        assert status in (400, 202)


def test_of_all_malformed_requests_nothing_ambiguous_arrives(front):
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda case: send(front.port, case.request), CASES))
    assert front.ask(PLAIN).status == 202
    came = front.requests()
    assert len(came) > 30
    wait_until(lambda: answered(front.service) == len(came), "the service to read as many")


def answered(service):
    """Requests that the service answered, but for those of the test itself."""
    lines = service.get("/metrics").splitlines()
    counted = [one for one in lines if one.startswith("tokenweir_http_requests_total{")]
    return sum(float(one.rpartition(" ")[2]) for one in counted if '"metrics"' not in one)


def send(port, request):
    """Send it, and wait a little for an answer: some wait for more."""
    with contextlib.suppress(OSError, ssl.SSLError), connect(port) as connection:
        connection.settimeout(1.0)
        connection.sendall(request)
        while connection.recv(2**16):
            pass
