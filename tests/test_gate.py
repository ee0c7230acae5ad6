"""Wrong keys that are turned away at the wire: each request alone, and the connection goes on."""

import asyncio
import json
import socket

import pytest

from .holders import SEND, WRONG, files
from .raw import announced, chunked, connected, exchange, head, read_answer, where

TRACE = json.dumps({"provider": "openai", "model": "gpt-4o-mini"}).encode()
LARGE = announced(b"x" * 2000)
KEY = f"x-api-key: {SEND}"
GOOD = announced(TRACE, KEY)
BAD = announced(TRACE, f"Authorization: Bearer {WRONG}")
LAST = announced(TRACE, KEY, "Connection: close")
pytestmark = pytest.mark.gen_test


@pytest.fixture
def settings(tmp_path):
    return {**files(tmp_path), "max_body_bytes": 2**21}


@pytest.fixture
def statuses(io_loop, base_url):
    """Send all of it; the statuses of all answers until the service closes."""

    async def statuses(*parts):
        answers = await io_loop.run_in_executor(None, exchange, base_url, *parts)
        return [answer.status for answer in answers]

    return statuses


@pytest.mark.parametrize(
    ("requests", "wanted"),
    [
        (BAD + GOOD + LAST, [401, 202, 202]),
        (BAD * 30 + LAST, [401] * 30 + [202]),
        (GOOD + LAST, [202, 202]),
        (BAD + announced(GOOD) + LAST, [401, 401, 202]),
        (announced(b"") + LAST, [401, 202]),
        (announced(b"x" * 200_000) + BAD + LAST, [401, 401, 202]),
        (announced(b"x" * 2**20) + BAD + LAST, [401, 401, 202]),
    ],
    ids=range(7),
)
async def test_each_request_is_judged_alone(requests, wanted, statuses, ledger):
    assert await statuses(requests) == wanted
    assert ledger()["received"] == wanted.count(202)


@pytest.mark.parametrize(
    "first",
    [
        announced(b"x" * (2**20 + 1)),
        chunked(TRACE),
        announced(TRACE, "Connection: close"),
        announced(TRACE, "Expect: 100-continue"),
        head() + TRACE,
        head("Content-Length: 9", "Transfer-Encoding: chunked") + b"x" * 9,
        GOOD + BAD,  # came together, so that Tornado reads both
    ],
    ids=range(7),
)
async def test_the_connection_ends_where_the_rest_is_not_sure(first, statuses, ledger):
    found = await statuses(first + LAST)
    assert found[-1] == 401
    assert ledger()["accepted"] == found.count(202)


async def test_a_request_within_a_head_is_none(base_url):
    begin = f"POST /v1/traces HTTP/1.1\r\n{KEY}\r\nX: ".encode()
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(GOOD + begin)
        assert (await read_answer(answers)).status == 202
        sender.write(BAD)
        assert (await read_answer(answers)).status == 202


async def turns():
    """Turns of the loop, on which the service has its own: it reads what was sent before."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_body_may_come_in_parts(base_url, ledger):
    body = b"x" * 3000
    begin = announced(body)
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(begin[:-3000])
        answer = await read_answer(answers)
        assert (answer.status, answer.headers["Connection"]) == (401, None)
        for part in (body[:1000], body[1000:2000], body[2000:] + BAD, GOOD[:50], GOOD[50:]):
            sender.write(part)
            await sender.drain()
            await turns()  # so that it is read by itself
        assert [(await read_answer(answers)).status for _ in range(2)] == [401, 202]
    assert ledger()["accepted"] == 1


async def test_the_rest_of_a_body_has_little_time(base_url, monkeypatch, counted):
    monkeypatch.setattr("server.wire.gated.SECONDS", 0.05)
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(head("Content-Length: 1000") + b"x" * 10)
        assert (await read_answer(answers)).status == 401
        assert await answers.read() == b""


async def test_what_comes_in_time_leaves_the_connection_open(base_url, service, monkeypatch):
    monkeypatch.setattr("server.wire.gated.SECONDS", 0.05)
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(head("Content-Length: 10"))
        assert (await read_answer(answers)).status == 401
        sender.write(b"x" * 10 + GOOD[:50])
        await asyncio.sleep(0.1)  # twice as long as the rest of a body has
        sender.write(GOOD[50:])
        assert (await read_answer(answers)).status == 202


async def test_a_connection_with_wrong_keys_only_ends_and_is_told_so(base_url, monkeypatch):
    monkeypatch.setattr("server.wire.gated._KEPT_SECONDS", 0)
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(BAD)
        assert (await read_answer(answers)).headers["Connection"] == "close"
        assert await answers.read() == b""


@pytest.mark.slow
async def test_who_reads_no_answers_is_cut_off(base_url, counted):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(where(base_url))
        connection.setblocking(False)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(send_on(connection), 20)
    assert counted("http_requests_rejected_total", route="traces", reason="unauthorized") > 100


async def send_on(connection):
    while True:
        await asyncio.get_running_loop().sock_sendall(connection, LARGE)


async def test_many_at_once_hold_nobody_up(statuses):
    """What comes in one piece is turned away in one turn of the loop; so only so many are."""
    assert await statuses(announced(b"") * 500 + LAST) == [401] * 50


async def test_a_handler_asks_too(service, statuses):
    """The gate lets nobody in: what it does not see is turned away behind it."""
    service._listener._stream.args[0].look = lambda *_: None
    assert await statuses(BAD + LAST) == [401]


async def test_new_keys_hold_for_open_connections(base_url, service, settings, tmp_path):
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):

        async def ask(request):
            sender.write(request)
            return (await read_answer(answers)).status

        assert [await ask(GOOD), await ask(BAD)] == [202, 401]
        ingest = tmp_path / "ingest.keys"
        ingest.write_text(ingest.read_text().replace("laptop", "new"))
        service.access.take(service.access.load())
        assert await ask(GOOD) == 202
        ingest.write_text("")
        service.access.take(service.access.load())
        assert await ask(GOOD) == 401
