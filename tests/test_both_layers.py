"""What both HTTP layers do alike on the wire of the real process, and the few places where not.

Beside tests/test_wire.py, which has what is refused and what takes too long.
"""

import json
import random
import re
import signal
import socket
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import parse_headers
from threading import Thread

import pytest

from server.receivers.documents import WHOLE

from .conftest import read_rows
from .malformed.framing import CHUNKED
from .process import serving, wait_until
from .raw import announced, ask, chunk, chunked, connect, exchange, head, read_answers

pytestmark = pytest.mark.both_layers

TRACE = json.dumps({"provider": "openai", "model": "gpt-4o-mini"}).encode()
GOOD = announced(TRACE)
LAST = announced(TRACE, "Connection: close")
MANY = 40
LARGE = json.dumps(
    [{"provider": "openai", "model": "m", "input_text": "x" * (WHOLE // 30)}] * MANY
).encode()
"""Read in slices, so that others have their turn before it is answered."""


def get(path="/livez", *fields, method="GET", version="1.1"):
    """A request without a body."""
    lines = (f"{method} {path} HTTP/{version}", "Host: x", *fields, "", "")
    return "\r\n".join(lines).encode()


@pytest.fixture(scope="module")
def service(layer, tmp_path_factory):
    """A service for all tests here; it must have had nothing to complain of."""
    with serving(tmp_path_factory.mktemp("both") / "t.db") as service:
        yield service
        assert service.metric("tokenweir_http_requests_in_flight") == 1  # the one that asks
        status, errors = service.stop()
    assert (status, "Traceback" in errors) == (0, False), errors


@pytest.mark.parametrize(
    ("version", "fields", "said"),
    [
        ("1.1", (), None),
        ("1.1", ("Connection: keep-alive",), None),
        ("1.1", ("Connection: close",), "close"),
        ("1.1", ("Connection: Close",), "close"),
        ("1.0", ("Connection: keep-alive",), "keep-alive"),
        ("1.0", ("Connection: Keep-Alive",), "keep-alive"),
        ("1.0", (), ""),
    ],
)
@pytest.mark.parametrize("begin", [get, lambda *a, **o: post(*a, **o)], ids=["get", "post"])
def test_a_connection_goes_on_as_its_request_says(begin, version, fields, said, service):
    first = begin("/livez", *fields, version=version)
    first, *behind = exchange(service.url, first + get("/livez", "Connection: close"))
    assert len(behind) == (said in (None, "keep-alive"))
    if said != "":  # nobody needs to say that 1.0 closes
        assert (first.headers["Connection"] or "").lower() == (said or "")


def post(_, *fields, version):
    return announced(TRACE, *fields).replace(b"HTTP/1.1", f"HTTP/{version}".encode())


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health", "/metrics", "/no", "/v1/traces"])
def test_head_is_answered_as_get_without_the_body(path, service):
    (shown,) = exchange(service.url, get(path, "Connection: close"))
    with connect(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(get(path, method="HEAD") + get("/livez", "Connection: close"))
        assert int(stream.readline().split()[1]) == shown.status
        said = parse_headers(stream)
        for name in ("Content-Type", "Allow"):
            assert said[name] == shown.headers[name]
        if path == "/livez":
            assert int(said["Content-Length"]) == len(shown.body)
        behind = [answer.status for answer in read_answers(stream)]
    assert behind == ([] if said["Connection"] else [200])


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get(), 200),
        (GOOD, 202),
        (announced(b"{}"), 400),
        (announced(b"{"), 400),
        (announced(TRACE, path="/no"), 404),
        (get("/v1/traces"), 405),
        (announced(TRACE, "Content-Encoding: lzma"), 415),
    ],
)
def test_an_answer_says_what_it_is_how_long_and_when(request_, status, service):
    with connect(service.url) as connection:
        answer = ask(connection, request_)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.body)
    assert answer.headers["Date"].endswith(" GMT")
    sent = parsedate_to_datetime(answer.headers["Date"])
    assert abs(datetime.now(UTC) - sent) < timedelta(minutes=1)
    for name, values in Counter(answer.headers.keys()).items():
        assert values == 1, name


@pytest.mark.parametrize(
    ("request_", "allowed"),
    [
        (b"PUT" + GOOD.removeprefix(b"POST"), "POST"),
        (get("/v1/traces"), "POST"),
        (get("/livez", method="DELETE"), "GET, HEAD"),
        (announced(TRACE, path="/livez"), "GET, HEAD"),
    ],
    ids=range(4),
)
def test_another_method_is_told_the_right_ones_and_whether_its_connection_goes_on(
    request_, allowed, service
):
    first, *more = exchange(service.url, request_ + LAST)
    assert (first.status, first.headers["Allow"]) == (405, allowed)
    assert [answer.status for answer in more] == ([] if first.headers["Connection"] else [202])


@pytest.mark.parametrize("path", ["/no", "/", "//v1/traces", "/v1/traces/x", "*", "/V1/traces"])
def test_what_is_not_there_is_not_found_and_its_connection_goes_on(path, service):
    request = announced(TRACE, path=path)
    answers = exchange(service.url, request + get(path) + LAST)
    assert [answer.status for answer in answers] == [404, 404, 202]


def test_events_may_be_sent_to_the_whole_address(service):
    whole = announced(TRACE, path=f"{service.url}/v1/traces?a=b")
    assert [answer.status for answer in exchange(service.url, whole + LAST)] == [202, 202]


def test_what_is_behind_a_large_body_is_answered_behind_it(service):
    large = announced(LARGE)
    answers = exchange(service.url, large + get() + GOOD + large + get("/no") + LAST)
    assert [answer.status for answer in answers] == [202, 200, 202, 202, 404, 202]
    assert [answers[at].json["accepted"] for at in (0, 2, 3, 5)] == [MANY, 1, MANY, 1]


@pytest.mark.parametrize(
    "request_",
    [announced(LARGE), chunked(LARGE) + chunk(), GOOD * 20 + announced(LARGE)],
    ids=["announced", "chunked", "pipelined"],
)
def test_a_sender_that_says_no_more_gets_all_answers(request_, layer, service):
    """Tornado closes before an answer that takes more than a turn of the loop."""
    with connect(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        accepted = [answer.json["accepted"] for answer in read_answers(stream)]
    quick = [1] * request_.count(GOOD)
    assert accepted in ([*quick, MANY], *([quick] if layer == "tornado" else []))


@pytest.mark.parametrize("before", [b"", GOOD, announced(LARGE)], ids=["first", "second", "behind"])
@pytest.mark.parametrize("word", ["100-continue", "100-Continue", "100-CONTINUE"])
def test_who_waits_to_be_asked_for_its_body_is_asked_when_it_has_its_turn(
    word, before, layer, service
):
    """Tornado asks only where the word is in lower case; a sender goes on without, some day."""
    with connect(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(before + head(f"Content-Length: {len(TRACE)}", f"Expect: {word}"))
        answers = read_answers(stream)
        if before:
            assert next(answers).status == 202
        if layer != "tornado" or word.islower():
            assert stream.readline().startswith(b"HTTP/1.1 100 ")
            assert stream.readline() == b"\r\n"
        connection.sendall(TRACE + LAST)
        assert [answer.status for answer in answers] == [202, 202]


def test_who_does_not_wait_to_be_asked_is_answered_too(service):
    with connect(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(announced(TRACE, "Expect: 100-continue") + LAST)
        said = re.findall(rb"HTTP/1.1 (\d+) ", stream.read())
    assert [status for status in said if status != b"100"] == [b"202", b"202"]


STREAM = (
    GOOD
    + chunked(TRACE, size=7)
    + chunk()
    + get("/no")
    + chunked(TRACE, size=1)
    + chunk()
    + announced(b"{")
    + get()
    + announced(TRACE, "Connection: close")
)
WANTED = [202, 202, 404, 202, 400, 200, 202]


def cuts(stream, seed):
    """The same bytes in pieces, most of them small."""
    chance = random.Random(seed)  # noqa: S311 no secret
    while stream:
        size = chance.choice((1, 2, 3, 10, 100))
        yield stream[:size]
        stream = stream[size:]


@pytest.mark.parametrize("seed", range(4))
def test_cuts_change_nothing(seed, service):
    answers = exchange(service.url, *cuts(STREAM, seed))
    assert [answer.status for answer in answers] == WANTED


def test_a_byte_at_a_time_changes_nothing(service):
    answers = exchange(service.url, *(bytes([byte]) for byte in STREAM))
    assert [answer.status for answer in answers] == WANTED


def test_a_large_body_may_come_in_chunks_of_any_size(service):
    chance = random.Random(1)  # noqa: S311 no secret
    parts, at = [head("Transfer-Encoding: chunked")], 0
    while at < len(LARGE):
        size = chance.choice((1, 100, 5000, 70_000))
        parts.append(chunk(LARGE[at : at + size]))
        at += size
    answers = exchange(service.url, b"".join(parts) + chunk() + LAST)
    assert [answer.json["accepted"] for answer in answers] == [MANY, 1]


@pytest.mark.slow
def test_who_reads_slowly_gets_every_answer_and_keeps_nobody_waiting(service):
    count = 300  # some 10 MB, which no socket's buffers hold
    with connect(service.url) as slow, connect(service.url) as other:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        requests = get("/metrics") * (count - 1) + get("/metrics", "Connection: close")
        sender = Thread(target=slow.sendall, args=(requests,))
        sender.start()
        for _ in range(100):
            assert ask(other, GOOD).status == 202
        sender.join()
        with slow.makefile("rb") as stream:
            answers = list(read_answers(stream))
    assert [answer.status for answer in answers] == [200] * count
    assert all(b"\ntokenweir_build_info" in answer.body for answer in answers)
    assert all(answer.body.endswith(b"\n") for answer in answers)


@pytest.mark.slow
@pytest.mark.parametrize("way", [announced, lambda body: chunked(body, size=9) + chunk()])
def test_a_request_half_of_which_came_before_a_stop_is_answered(way, database):
    request = way(TRACE)
    with (
        serving(database) as service,
        closing(sqlite3.connect(database, isolation_level=None)) as lock,
        connect(service.url) as probe,
        connect(service.url) as connection,
    ):
        lock.execute("BEGIN IMMEDIATE")  # so that the stop takes a while
        assert ask(connection, GOOD).json["accepted"] == 1
        connection.sendall(request[:-20])
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: ask(probe, get("/readyz")).status == 503, "the stop to begin")
        assert ask(connection, request[-20:]).json["dropped"] == 1
        lock.execute("ROLLBACK")
        assert service.stop()[0] == 0
    assert len(read_rows(database, "llm_traces")) == 1


@pytest.mark.slow
def test_a_stop_amid_large_bodies_stores_what_it_answers_and_nothing_else(database):
    answers = []

    def send(url):
        answers.extend(exchange(url, announced(LARGE) * 5))

    with serving(database) as service:
        senders = [Thread(target=send, args=(service.url,)) for _ in range(4)]
        for sender in senders:
            sender.start()
        wait_until(lambda: answered(database), "a row")
        status, errors = service.stop()
        for sender in senders:
            sender.join()
    assert (status, "Traceback" in errors) == (0, False), errors
    accepted = sum(answer.json["accepted"] for answer in answers)
    assert len(read_rows(database, "llm_traces")) == accepted > 0


def answered(database):
    with closing(sqlite3.connect(database)) as db:
        return db.execute("SELECT 1 FROM llm_traces LIMIT 1").fetchone()


ONE = b"%x\r\n%b\r\n" % (len(TRACE), TRACE)
LENGTH = f"Content-Length: {len(TRACE)}"
NEVER_TAKEN = {
    "an extension": CHUNKED + ONE.replace(b"\r\n", b";a=b\r\n", 1) + chunk(),
    "an extension of the last": CHUNKED + ONE + b"0;a=b\r\n\r\n",
    "a trailer": CHUNKED + ONE + b"0\r\nX: y\r\n\r\n",
    "a length beside chunks": head(LENGTH, "Transfer-Encoding: chunked") + ONE + chunk(),
    "hosts": announced(TRACE, "Host: x"),
}
TAKEN_BY_TORNADO = {
    "lines of LF": GOOD.replace(b"\r\n", b"\n"),
    "one line of LF": GOOD.replace(b"\r\n", b"\n", 1),
    "version 1.2": GOOD.replace(b"HTTP/1.1", b"HTTP/1.2"),
    "the same length twice": announced(TRACE, LENGTH),
    "the same length in a list": head(f"{LENGTH}, {len(TRACE)}") + TRACE,
    "chunks in 1.0": CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + ONE + chunk(),
}
UNCLEAR = NEVER_TAKEN | TAKEN_BY_TORNADO


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_two_servers_may_read_differently_is_refused(name, layer, service):
    """Tornado takes some; to whom that matters, the documented proxies stand before it."""
    first, *more = exchange(service.url, UNCLEAR[name] + GOOD + LAST)
    if layer == "tornado" and name in TAKEN_BY_TORNADO:
        assert first.status == 202
    else:
        assert (first.status, first.reason, more) == (400, "bad_request", [])


def test_an_upgrade_is_not_wanted_and_its_body_is_read(service):
    fields = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAA")
    answers = exchange(service.url, announced(TRACE, *fields) + LAST)
    assert [answer.status for answer in answers] == [202, 202]
