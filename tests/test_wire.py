"""The wire of the real process: what is no HTTP, what is too long, what does not end."""

import contextlib
import json
import select

import pytest

from .process import serving, wait_until
from .raw import announced, ask, chunk, connect, exchange, head, read_answers

pytestmark = pytest.mark.both_layers

TRACE = json.dumps({"provider": "openai", "model": "gpt-4o-mini"}).encode()
GOOD = announced(TRACE)
LAST = announced(TRACE, "Connection: close")
LIMIT = 100_000


@pytest.fixture(scope="module")
def service(layer, tmp_path_factory):
    """A service for all tests here; it must have had nothing to complain of."""
    arguments = (
        f"--max-body-bytes={LIMIT}",
        "--idle-timeout-seconds=1",
        "--body-timeout-seconds=1",
    )
    with serving(tmp_path_factory.mktemp("wire") / "t.db", *arguments) as service:
        yield service
        assert service.metric("tokenweir_http_requests_in_flight") == 1  # the one that asks
        status, errors = service.stop()
    assert status == 0
    assert len(errors.splitlines()) < 10, errors
    assert "Traceback" not in errors


@pytest.fixture
def received(service):
    """How many events were received since the beginning of the test."""
    name = "tokenweir_events_received_total"
    before = service.metric(name)
    return lambda: service.metric(name) - before


@pytest.fixture
def refused(service):
    """Check that the one answer to these bytes is this refusal, and that it is counted."""

    def refused(status, reason, *parts, route="other"):
        name = "tokenweir_http_requests_rejected_total"
        sample = f'{name}{{reason="{reason}",route="{route}"}}'
        before = service.metric(sample)
        (answer,) = exchange(service.url, *parts)
        assert (answer.status, answer.reason) == (status, reason)
        assert answer.headers["Connection"] == "close"
        assert len(answer.json["error"]["message"]) <= 300
        wait_until(lambda: service.metric(sample) == before + 1, "the count")

    return refused


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"], ids=["without an end", "with one"])
def test_a_head_that_is_too_long_is_told_so(end, refused):
    refused(431, "headers_too_large", b"GET /livez HTTP/1.1\r\nX: ", b"x" * 2**20, end)


MALFORMED = {
    "words": b"some words\r\n\r\n",
    "version": b"GET /livez HTTP/9\r\nHost: x\r\n\r\n",
    "field": b"GET /livez HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    "length": head("Content-Length: x"),
    "lengths": head("Content-Length: 5", "Content-Length: 6") + b"123456",
    "chunk": head("Transfer-Encoding: chunked") + b"no size\r\n",
    "TLS": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n",
}
each_malformed = pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED)


@each_malformed
def test_what_is_no_http_is_told_so(request_, layer, refused, received):
    """Tornado looks at a body's length when it has the route already."""
    is_routed = request_.startswith(b"POST /v1/traces")
    known = is_routed if layer == "tornado" else request_ == MALFORMED["chunk"]
    refused(400, "bad_request", request_, route="traces" if known else "other")
    assert received() == 0


@each_malformed
def test_nothing_runs_behind_what_is_no_http(request_, service, received):
    answers = exchange(service.url, GOOD + request_ + GOOD + LAST)
    assert [answer.status for answer in answers] == [202, 400]
    assert received() == 1


BODY = b"x" * 2**16
MEGABYTES = [BODY] * 16
CHUNKS = [chunk(BODY)] * 16


@pytest.mark.parametrize(
    ("first", "parts"),
    [
        (head(f"Content-Length: {2 * LIMIT + 1}"), []),
        (head(f"Content-Length: {2 * LIMIT + 1}"), MEGABYTES),
        (head("Content-Length: 50000000"), MEGABYTES * 50),
        (head("Content-Length: 99999999999999999999"), MEGABYTES),
        (head("Transfer-Encoding: chunked"), CHUNKS),
        (head("Transfer-Encoding: chunked"), CHUNKS * 50),
    ],
    ids=range(6),
)
def test_a_body_over_twice_the_limit_is_told_so_and_closed(first, parts, refused, received):
    refused(413, "body_too_large", first, *parts, route="traces")
    assert received() == 0


def test_an_unknown_method_is_told_so_however_long_its_body_is(service):
    for _ in range(10):
        request = b"PROPFIND" + head("Content-Length: 3000000").removeprefix(b"POST")
        (answer,) = exchange(service.url, request, *MEGABYTES, *MEGABYTES, *MEGABYTES)
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/livez", "/livez?a=1"])
def test_the_whole_address_may_be_asked_for(path, service):
    request = f"GET {service.url}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert [answer.status for answer in exchange(service.url, request.encode())] == [200]


def test_a_chunk_that_says_it_is_over_twice_the_limit_is_refused_and_closed(service, received):
    parts = (head("Transfer-Encoding: chunked"), b"%x\r\n" % 2**40, *MEGABYTES)
    (answer,) = exchange(service.url, *parts)
    assert answer.status in (400, 413)
    assert received() == 0


def test_what_is_refused_in_mid_body_is_read_on_so_that_the_answer_is_not_cut_off(service):
    with connect(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(head(f"Content-Length: {20 * LIMIT}") + BODY * 16)
        assert [answer.status for answer in read_answers(stream)] == [413]


def test_a_body_over_the_limit_is_read_and_its_connection_goes_on(service):
    request = announced(b"x" * 2 * LIMIT)
    answers = exchange(service.url, GOOD + request + LAST)
    assert [answer.status for answer in answers] == [202, 413, 202]


SLOW = {
    "nothing": (b"", b"x"),
    "head": (b"GET /livez HTTP/1.1\r\nX: ", b"x"),
    "second head": (GOOD + b"POST /", b"x"),
    "body": (head("Content-Length: 90000"), b" "),
    "chunks": (head("Transfer-Encoding: chunked"), chunk(b" ")),
    "body for nobody": (head("Content-Length: 90000", path="/nothing"), b" "),
}


@pytest.mark.slow
def test_what_takes_too_long_is_closed_however_it_drips(service, received):
    drops, names = {}, {}
    for name, (begin, drop) in SLOW.items():
        for drips in (False, True):
            connection = connect(service.url)
            connection.sendall(begin)
            drops[connection] = drop if drips else b""
            names[connection] = name, drips
    for _ in range(150):  # 15 s
        for connection in select.select(list(drops), [], [], 0.1)[0]:
            if is_over(connection):
                del drops[connection]
                connection.close()
        for connection, drop in drops.items():
            with contextlib.suppress(ConnectionError):
                connection.sendall(drop)
        if not drops:
            break
    assert [names[connection] for connection in drops] == []
    assert received() == 2


def is_over(connection):
    """Whether what can be read is the end."""
    try:
        return connection.recv(4096) == b""
    except ConnectionError:
        return True


def test_answers_come_in_the_order_of_their_requests(service, received):
    wrong = announced(b'{"provider": "p"}')
    paths = [b"/livez", b"/metrics", b"/nothing", b"/health"]
    gets = b"".join(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in paths)
    chunks = head("Transfer-Encoding: chunked") + chunk(TRACE[:9]) + chunk(TRACE[9:]) + chunk()
    answers = exchange(service.url, gets + GOOD + wrong + chunks + wrong + gets + LAST)
    shown = [200, 200, 404, 200]
    assert [answer.status for answer in answers] == [*shown, 202, 400, 202, 400, *shown, 202]
    assert received() == 5


def test_many_pipelined_requests_are_all_answered(service, received):
    answers = exchange(service.url, GOOD * 500 + LAST)
    assert [answer.json["accepted"] for answer in answers] == [1] * 501
    assert received() == 501


@pytest.mark.parametrize("start", [b"POST /v1/traces HTTP/1.0", b"post /v1/traces HTTP/1.1"])
def test_what_was_sent_behind_the_last_request_is_not_read(start, service, received):
    """It would be accepted, and nobody told so."""
    last = start + GOOD[GOOD.index(b"\r\n") :]
    (answer,) = exchange(service.url, last + GOOD)
    assert received() == (answer.status == 202)


def test_a_sender_that_says_no_more_is_still_answered(service):
    with connect(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(GOOD)
        connection.shutdown(1)
        assert [answer.status for answer in read_answers(stream)] == [202]


def test_a_request_may_come_a_byte_at_a_time(service):
    with connect(service.url) as connection:
        for byte in GOOD[:-1]:
            connection.sendall(bytes([byte]))
        assert ask(connection, GOOD[-1:]).status == 202
