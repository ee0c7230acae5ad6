"""Wrong keys: each request is judged alone, its body is no request, and nobody is held up."""

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
pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]


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
        (GOOD + BAD + GOOD + LAST, [202, 401, 202, 202]),
        (announced(b"x" * 200_000) + BAD + LAST, [401, 401, 202]),
        (announced(b"x" * 2**20) + BAD + LAST, [401, 401, 202]),
        (announced(b"") * 500 + LAST, [401] * 500 + [202]),
    ],
    ids=range(9),
)
async def test_each_request_is_judged_alone(requests, wanted, layer, statuses, ledger):
    """Over Tornado's layer the first one without a key may be the last of its connection."""
    found = await statuses(requests)
    if layer == "tornado" and found[-1] == 401:
        wanted = wanted[: wanted.index(401) + 1]
    assert found == wanted
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
    ],
    ids=range(6),
)
async def test_the_connection_ends_where_the_rest_is_not_sure(first, statuses, ledger):
    found = await statuses(first + LAST)
    assert found[-1] in (400, 401)
    assert ledger()["accepted"] == found.count(202) == 0


async def test_a_request_within_a_head_is_none(base_url):
    begin = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\n{KEY}\r\nX: ".encode()
    inner = BAD.replace(b"Host: x\r\n", b"")  # it has one
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(GOOD + begin)
        assert (await read_answer(answers)).status == 202
        sender.write(inner)
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
        assert answer.status == 401
        if answer.headers["Connection"] == "close":  # over Tornado
            return
        for part in (body[:1000], body[1000:2000], body[2000:] + BAD, GOOD[:50], GOOD[50:]):
            sender.write(part)
            await sender.drain()
            await turns()  # so that it is read by itself
        assert [(await read_answer(answers)).status for _ in range(2)] == [401, 202]
    assert ledger()["accepted"] == 1


@pytest.fixture
def hasty(monkeypatch):
    """Little time for the rest of a body, and to read answers; over Tornado there is none."""
    monkeypatch.setattr("server.lean.connection.LINGER_SECONDS", 0.05)
    monkeypatch.setattr("server.lean.connection.STALLED_SECONDS", 0.1)


@pytest.mark.slow
async def test_the_rest_of_a_body_has_little_time(hasty, base_url):
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(head("Content-Length: 1000") + b"x" * 10)
        assert (await read_answer(answers)).status == 401
        assert await answers.read() == b""


async def test_what_comes_in_time_leaves_the_connection_open(hasty, base_url):
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):
        sender.write(head("Content-Length: 10"))
        answer = await read_answer(answers)
        assert answer.status == 401
        if answer.headers["Connection"] == "close":  # over Tornado
            return
        sender.write(b"x" * 10 + GOOD[:50])
        await asyncio.sleep(0.1)  # twice as long as the rest of a body has
        sender.write(GOOD[50:])
        assert (await read_answer(answers)).status == 202


@pytest.mark.slow
async def test_who_reads_no_answers_is_cut_off(hasty, layer, base_url, counted):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(where(base_url))
        connection.setblocking(False)
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(send_on(connection), 20)
    answered = counted("http_requests_rejected_total", route="traces", reason="unauthorized")
    assert answered > (100 if layer == "lean" else 0)


async def send_on(connection):
    while True:
        await asyncio.get_running_loop().sock_sendall(connection, LARGE)


async def test_new_keys_hold_for_open_connections(base_url, service, settings, tmp_path):
    async with asyncio.timeout(4), connected(base_url) as (answers, sender):

        async def ask(request):
            sender.write(request)
            return (await read_answer(answers)).status

        assert await ask(GOOD) == 202
        ingest = tmp_path / "ingest.keys"
        ingest.write_text(ingest.read_text().replace("laptop", "new"))
        service.access.take(service.access.load())
        assert await ask(GOOD) == 202
        ingest.write_text("")
        service.access.take(service.access.load())
        assert await ask(GOOD) == 401
