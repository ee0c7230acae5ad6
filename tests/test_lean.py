"""The lean HTTP layer: what no other has, and its own faults."""

import asyncio
import contextlib
import json
import socket

import pytest

from server.handlers.body import Body

from .conftest import until
from .raw import announced, chunk, connected, head, read_answer, where

pytestmark = pytest.mark.gen_test

TRACE = json.dumps({"provider": "openai", "model": "gpt-4o-mini"}).encode()
GOOD = announced(TRACE)


@pytest.fixture
def settings():
    return {"http": "lean", "max_body_bytes": 10_000}


async def read_rest(answers):
    """All answers until the service closes: their statuses."""
    found = []
    with contextlib.suppress(asyncio.IncompleteReadError):
        while True:
            found.append((await read_answer(answers)).status)
    return found


@pytest.mark.parametrize("begun", [b"\x16\x03\x01\x02\0\x01", b"GET / HTTP/1.1\nHost: x\n\n"])
async def test_what_can_be_no_request_is_refused_before_its_end(begun, base_url, ledger):
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(GOOD + begun)
        assert await read_rest(answers) == [202, 400]
    assert ledger()["received"] == 1


async def test_an_empty_line_between_requests_is_none(base_url):
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(GOOD + b"\r\n" + GOOD)
        assert [(await read_answer(answers)).status for _ in range(2)] == [202, 202]


async def test_what_is_too_long_is_told_so_once(base_url, counted):
    """By whichever handler it would have been answered, which may not have begun."""
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 4294967296\r\n\r\n")
        assert await read_rest(answers) == [400]
    await until(lambda: counted("http_requests_in_flight") == 0)


@pytest.mark.parametrize(
    ("length", "fields", "status"),
    [
        (10_001, (), 413),
        (10_001, ("Content-Encoding: gzip",), 413),
        (10, ("Content-Encoding: x",), 415),
    ],
)
async def test_a_refused_body_is_not_asked_for(length, fields, status, base_url):
    first = head(f"Content-Length: {length}", "Expect: 100-continue", *fields)
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(first)
        assert await read_rest(answers) == [status]


async def test_a_body_of_tiny_chunks_is_refused(base_url, ledger):
    async with asyncio.timeout(10), connected(base_url) as (answers, sender):
        sender.write(head("Transfer-Encoding: chunked") + chunk(b" ") * 17_000)
        assert (await read_answer(answers)).status in (400, 413)
        sender.write(GOOD)
        assert await answers.read() == b""
    assert ledger()["received"] == 0


@pytest.mark.slow
async def test_who_sends_without_end_lets_others_have_their_turn(base_url, ledger):
    """Of what was sent ahead only so much is answered at a time, and read no faster."""
    async with asyncio.timeout(4), connected(base_url) as eager, connected(base_url) as (a, b):
        eager[1].write(GOOD * 1000)
        b.write(GOOD)
        assert (await read_answer(a)).status == 202
        assert ledger()["received"] < 1000
        for _ in range(1000):
            assert (await read_answer(eager[0])).status == 202


async def test_what_was_sent_ahead_is_answered_until_its_turn_is_over(
    base_url, counted, monkeypatch
):
    monkeypatch.setattr("server.lean.reading.TURN_SECONDS", 0)
    seen = [0]
    async with asyncio.timeout(4), connected(base_url) as (_, sender):
        sender.write(GOOD * 100)
        while seen[-1] < 100:
            await asyncio.sleep(0)
            seen.append(int(counted("events_received_total", kind="trace")))
    assert set(seen) == set(range(101))  # one a turn


async def test_a_bug_amid_a_body_ends_its_connection_only(base_url, monkeypatch, caplog, counted):
    async def unpack(self, chunk, unpacker):
        raise KeyError("what was sent")

    monkeypatch.setattr(Body, "_unpack", unpack)
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(announced(TRACE, "Content-Encoding: gzip"))
        assert await answers.read() == b""
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(GOOD)
        assert (await read_answer(answers)).status == 202
    await until(lambda: counted("http_requests_in_flight") == 0)
    assert "KeyError" in caplog.text
    assert "what was sent" not in caplog.text
    caplog.clear()


@pytest.mark.slow
async def test_a_stop_waits_for_no_reader(service, base_url, monkeypatch):
    monkeypatch.setattr("server.lean.server.CLOSE_SECONDS", 0.05)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(where(base_url))
        connection.setblocking(False)
        asks = asyncio.get_running_loop().sock_sendall(connection, GOOD * 20_000)
        asking = asyncio.ensure_future(asks)
        await until(lambda: any(wire._is_stuck for wire in service._hub.open))
        async with asyncio.timeout(4):
            await service.stop()
        await until(lambda: not service._hub.open)
        asking.cancel()


async def test_a_connection_that_breaks_at_once_leaves_nothing(service, base_url, monkeypatch):
    async def fail(*arguments, **options):
        raise OSError("broken")

    monkeypatch.setattr(asyncio.get_running_loop(), "connect_accepted_socket", fail)
    async with asyncio.timeout(4), connected(base_url) as (answers, _):
        assert await answers.read() == b""
    await until(lambda: not service._hub.open)
