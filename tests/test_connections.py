"""Many connections to the real process: the limits, a shortage of descriptors, broken ones."""

import contextlib
import json
import os
import resource
import socket

import pytest

from .process import serving, wait_until
from .raw import announced, ask, connect, head, read_answers, reset, where

pytestmark = [pytest.mark.both_layers, pytest.mark.slow]

TRACE = json.dumps({"provider": "openai", "model": "gpt-4o-mini"}).encode()
GOOD = announced(TRACE)
METRICS = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
BUSY = 'tokenweir_http_requests_rejected_total{reason="busy",route="other"}'


@contextlib.contextmanager
def connections():
    """What is appended is closed at the end."""
    opened: list[socket.socket] = []
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


def open_more(service, opened, count):
    """Connections that say nothing."""
    for _ in range(count):
        opened.append(connect(service.url))


def descriptors(service):
    return len(os.listdir(f"/proc/{service.process.pid}/fd"))


def number(connection, sample):
    """A metric's value, asked for on an open connection."""
    lines = ask(connection, METRICS).body.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(sample))


def end(service):
    """Stop it; what it complained of."""
    status, errors = service.stop()
    assert status == 0
    assert "Traceback" not in errors
    return [line for line in errors.splitlines() if " INFO " not in line]


@pytest.fixture
def many():
    """Have 3,000 descriptors, or skip the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < 3000:
        if hard != resource.RLIM_INFINITY and hard < 3000:
            pytest.skip(f"the system allows {hard} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (3000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_idle_connections_keep_nobody_out(many, database):
    with serving(database) as service, connections() as opened:
        open_more(service, opened, 1000)
        assert service.post("/v1/traces", json.loads(TRACE))["accepted"] == 1
        for connection in (opened[0], opened[999]):
            assert ask(connection, GOOD).status == 202
        assert service.metric(BUSY) == 0
        assert end(service) == []


def test_one_connection_more_than_the_limit_is_turned_away(database):
    with serving(database, "--max-connections=5") as service, connections() as opened:
        open_more(service, opened, 5)
        assert [ask(connection, GOOD).status for connection in opened] == [202] * 5
        for times in (1, 2):
            with connect(service.url) as sixth, sixth.makefile("rb") as stream:
                (answer,) = read_answers(stream)
            assert (answer.status, answer.reason) == (503, "busy")
            assert answer.headers["Retry-After"] == "1"
            assert number(opened[0], BUSY) == times
        opened.pop().close()
        wait_until(lambda: is_served(service), "a place")
        assert [ask(connection, GOOD).status for connection in opened] == [202] * 4
        errors = end(service)
    assert len(errors) == 1
    assert "the limit of 5 connections is reached" in errors[0]


def is_served(service):
    """Whether a new connection is taken."""
    with connect(service.url) as connection, contextlib.suppress(ConnectionError, StopIteration):
        return ask(connection, GOOD).status == 202
    return False


def test_what_is_turned_away_in_mid_request_is_told_so(database):
    with serving(database, "--max-connections=1") as service, connections() as opened:
        open_more(service, opened, 1)
        assert ask(opened[0], GOOD).status == 202
        for _ in range(50):
            with connect(service.url) as second, second.makefile("rb") as stream:
                second.sendall(GOOD * 3)
                assert [answer.status for answer in read_answers(stream)] == [503]
        assert number(opened[0], "tokenweir_events_received_total") == 1
        end(service)


@pytest.mark.parametrize("held", [0, 28], ids=["some left", "none left"])
def test_few_descriptors_keep_no_open_connection_from_being_answered(held, database):
    """`held` more are open from the start, so that it runs out before it reaches its limit."""
    pipes = [os.pipe() for _ in range(held // 2)]
    inherited = [end for pipe in pipes for end in pipe]
    options = {
        "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
        "pass_fds": inherited,
    }
    with serving(database, **options) as service, connections() as opened:
        before = descriptors(service)
        open_more(service, opened, 1)
        assert ask(opened[0], GOOD).status == 202
        for _ in range(200):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(where(service.url))
            opened.append(connection)
        for _ in range(20):
            assert ask(opened[0], GOOD).status == 202
        wait_until(lambda: descriptors(service) > 40, "some to be taken")
        assert ask(opened[0], GOOD).status == 202
        while len(opened) > 1:
            opened.pop().close()
        wait_until(lambda: descriptors(service) == before + 1, "them to be closed")
        wait_until(lambda: is_served(service), "a new one")
        assert number(opened[0], "tokenweir_events_accepted_total") >= 22
        errors = end(service)
    for descriptor in inherited:
        os.close(descriptor)
    assert len(errors) == 1
    assert ("no connections are taken for a moment" in errors[0]) == bool(held)


BREAKS = {
    "at once": (b"", False),
    "head": (GOOD[:50], False),
    "body": (head("Content-Length: 50000") + b"x" * 30_000, False),
    "chunks": (head("Transfer-Encoding: chunked") + b"7000\r\n" + b"x" * 0x6000, False),
    "gzip": (head("Content-Length: 500", "Content-Encoding: gzip") + b"\x1f\x8b\x08\0", False),
    "answer": (GOOD, False),
    "large answer": (METRICS, True),
    "no HTTP": (b"nonsense\r\n\r\n", False),
    "refused": (announced(b"x" * 30_000, "Content-Encoding: br"), True),
}


def test_broken_connections_leave_nothing_behind(database):
    with serving(database) as service, connections() as opened:
        open_more(service, opened, 1)
        assert ask(opened[0], GOOD).status == 202
        ask(opened[0], METRICS)  # whatever the first scrape opens
        before = descriptors(service)
        for _ in range(25):
            for request, begun in BREAKS.values():
                connection = connect(service.url)
                connection.sendall(request)
                if begun:
                    connection.recv(10)
                reset(connection)
        wait_until(lambda: descriptors(service) == before, "them to be closed")
        assert number(opened[0], "tokenweir_http_requests_in_flight") == 1  # the one that asks
        assert ask(opened[0], GOOD).status == 202
        assert end(service) == []


@pytest.mark.parametrize("journal", ["inline", "thread"])
def test_who_breaks_behind_many_requests_leaves_nothing_and_fills_no_log(journal, database):
    """With `thread` each of them waits a moment for its answer."""
    with serving(database, f"--journal={journal}") as service, connections() as opened:
        open_more(service, opened, 1)
        for _ in range(25):
            connection = connect(service.url)
            connection.sendall(GOOD * 200)
            reset(connection)
        in_flight = "tokenweir_http_requests_in_flight"
        wait_until(lambda: number(opened[0], in_flight) == 1, "only the one that asks")
        assert [said for said in end(service) if "the journal is behind" not in said] == []


def test_readers_that_never_read_fill_no_memory_and_hold_no_stop_up(database):
    answered = 'tokenweir_http_requests_total{code="200",method="GET",route="metrics"}'
    with serving(database) as service, connections() as opened:
        open_more(service, opened, 1)
        ask(opened[0], METRICS)
        before = service.memory("VmRSS")
        for _ in range(8):
            connection = socket.socket()
            opened.append(connection)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(where(service.url))
            connection.sendall(METRICS * 1500)  # some 40 MB of answers each
        last, now = 0.0, number(opened[0], answered)
        while now > last + 1:  # until only this one is answered
            for _ in range(200):
                assert ask(opened[0], GOOD).status == 202
            last, now = now, number(opened[0], answered)
        assert now < 8 * 1500
        assert service.memory("VmRSS") - before < 40 * 2**20
        assert service.stop()[0] == 0  # within half a minute
