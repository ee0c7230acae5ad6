"""The room that bodies share: who gets in while it is full, and that it is always given back."""

import asyncio
import gzip
import json
import socket
import struct

import pytest

import server.service
from server.handlers.body import UNCOUNTED, Body, Room
from server.handlers.codings import PIECE
from server.handlers.slices import Slices
from server.refusal import Refusal

from .conftest import until
from .raw import announced, chunk, chunked, connected, head, read_answer

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
ROOM = 100_000
LIMIT = 80_000
LINGER_NOT = struct.pack("ii", 1, 0)


@pytest.fixture
def made(monkeypatch):
    """The rooms that were made: one a service."""
    made = []

    def make(max_bytes):
        made.append(Room(max_bytes))
        return made[-1]

    monkeypatch.setattr(server.service, "Room", make)
    return made


@pytest.fixture
def settings(made):
    return {"max_body_bytes": LIMIT, "max_bodies_bytes": ROOM}


@pytest.fixture
def room(service, made):
    """The room of the service under test."""
    assert [room.free for room in made] == [ROOM]
    return made[0]


@pytest.fixture
def busy(counted):
    """Check an answer that there is no room, the first one."""

    def busy(answer):
        assert (answer.status, answer.reason) == (503, "busy")
        assert answer.headers["Retry-After"] == "1"
        assert counted("http_requests_rejected_total", route="traces", reason="busy") == 1

    return busy


def trace_of(size):
    """A trace whose JSON has `size` bytes."""
    empty = len(json.dumps({**TRACE, "input_text": ""}))
    return json.dumps({**TRACE, "input_text": "x" * (size - empty)}).encode()


def in_chunks(body, *headers):
    return chunked(body, *headers) + chunk()


def in_gzip(body):
    return announced(gzip.compress(body), "Content-Encoding: gzip")


def half(request):
    """Its first and its second half."""
    return request[: len(request) // 2], request[len(request) // 2 :]


ways = {"announced": announced, "in chunks": in_chunks}
each_way = pytest.mark.parametrize("way", ways.values(), ids=ways)
and_then = pytest.mark.parametrize("then", [*ways.values(), in_gzip], ids=[*ways, "in gzip"])


@pytest.mark.slow
@each_way
@and_then
async def test_there_is_room_for_one_large_body_at_a_time(way, then, base_url, room, busy, rows):
    large = trace_of(LIMIT)
    begin, end = half(way(large))
    async with connected(base_url) as (answers, first), connected(base_url) as (others, second):
        first.write(begin)
        await until(lambda: room.free < ROOM - LIMIT // 3)
        held = room.free
        second.write(then(large))
        busy(await read_answer(others))
        assert room.free == held
        for size in (100, UNCOUNTED):  # on the same connection
            second.write(then(trace_of(size)))
            assert (await read_answer(others)).status == 202
            assert room.free == held
        first.write(end)
        assert (await read_answer(answers)).status == 202
        await until(lambda: room.free == ROOM)
        second.write(then(large))
        assert (await read_answer(others)).status == 202
        await until(lambda: room.free == ROOM)
    assert len(await rows()) == 4


async def test_all_is_refused_that_is_larger_than_what_is_uncounted(base_url, room, busy):
    async with (
        connected(base_url) as (_, first),
        connected(base_url) as (_, second),
        connected(base_url) as (answers, third),
    ):
        first.write(head(f"Content-Length: {LIMIT}"))
        second.write(head(f"Content-Length: {ROOM - LIMIT}"))
        await until(lambda: room.free == 0)
        third.write(announced(trace_of(UNCOUNTED + 1)))
        busy(await read_answer(answers))
        third.write(announced(trace_of(UNCOUNTED)))
        assert (await read_answer(answers)).status == 202
    await until(lambda: room.free == ROOM)


@pytest.fixture
def cramped(settings):
    settings.update(max_body_bytes=ROOM, max_bodies_bytes=1)


async def test_there_is_always_room_for_one_body_of_the_largest_size(cramped, room, post):
    assert (await post("/v1/traces", trace_of(ROOM))).code == 202
    assert room.free == ROOM


@pytest.fixture
def spacious(settings):
    settings.update(max_body_bytes=2**24, max_bodies_bytes=2**24)


async def test_who_goes_while_its_body_is_unpacked_gives_its_room_back(spacious, base_url, made):
    (room,) = made
    async with asyncio.timeout(4), connected(base_url) as (_, sender):
        sender.write(announced(gzip.compress(bytes(2**24)), "Content-Encoding: gzip"))
        while room.free == room.all:  # noqa: ASYNC110 each turn of the loop unpacks a piece
            await asyncio.sleep(0)
        raw = sender.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        sender.close()
        await until(lambda: room.free == room.all)
    for _ in range(2 * 2**24 // PIECE):  # more turns than it has pieces
        await asyncio.sleep(0)
    assert room.free == room.all


async def test_what_is_refused_is_read_before_it_is_answered(base_url, room, busy):
    async with connected(base_url) as (_, first), connected(base_url) as (answers, second):
        first.write(head(f"Content-Length: {LIMIT}"))
        await until(lambda: room.free < ROOM)
        begin, end = half(announced(trace_of(LIMIT)))
        second.write(begin)
        answer = asyncio.create_task(read_answer(answers))
        async with connected(base_url) as (others, third):  # a turn of the service, and more
            third.write(announced(trace_of(100)))
            assert (await read_answer(others)).status == 202
        assert not answer.done()
        second.write(end)
        busy(await answer)


NONSENSE = b"x" * 50_000
PACKED = gzip.compress(NONSENSE)
ENDS = {
    "stored": (announced(trace_of(LIMIT)), 202),
    "stored, unpacked": (in_gzip(trace_of(LIMIT)), 202),
    "no JSON": (announced(NONSENSE), 400),
    "no event": (announced(json.dumps({"x": NONSENSE.decode()}).encode()), 400),
    "no known coding": (announced(NONSENSE, "Content-Encoding: lzma"), 415),
    "no such length": (announced(b"x" * (LIMIT + 1)), 413),
    "too long": (in_chunks(b"x" * (LIMIT + 1)), 413),
    "too long, unpacked": (in_gzip(b"x" * (LIMIT + 1)), 413),
    "no gzip": (in_chunks(NONSENSE, "Content-Encoding: gzip"), 400),
    "gzip's sum wrong": (announced(PACKED[:-5] + b"12345", "Content-Encoding: gzip"), 400),
    "gzip without an end": (announced(PACKED[:-5], "Content-Encoding: gzip"), 400),
}


@pytest.mark.parametrize(("request_", "status"), ENDS.values(), ids=ENDS)
async def test_room_is_given_back_with_the_answer(request_, status, base_url, room):
    async with connected(base_url) as (answers, sender):
        for _ in range(2):
            sender.write(request_)
            assert (await read_answer(answers)).status == status
            await until(lambda: room.free == ROOM)


async def test_room_is_given_back_after_a_bug(service, base_url, room, caplog):
    service.pipeline.offer = None
    async with connected(base_url) as (answers, sender):
        sender.write(announced(trace_of(LIMIT)))
        assert (await read_answer(answers)).status == 500
        await until(lambda: room.free == ROOM)


@pytest.mark.parametrize(
    ("coding", "begin", "more"),
    [("identity", NONSENSE, NONSENSE), ("gzip", PACKED[:-8], b"a wrong sum")],
    ids=["too long", "damaged"],
)
async def test_what_is_refused_takes_no_room_while_it_comes(
    coding, begin, more, base_url, room, counted
):
    async with connected(base_url) as (answers, sender):
        sender.write(head("Transfer-Encoding: chunked", f"Content-Encoding: {coding}"))
        sender.write(chunk(begin))
        await until(lambda: room.free < ROOM - LIMIT // 3)
        sender.write(chunk(more))
        await until(lambda: room.free == ROOM)
        assert counted("http_requests_in_flight") == 1
        sender.write(chunk())
        assert (await read_answer(answers)).status in (400, 413)


def give_up(sender):
    sender.close()


def reset(sender):
    sender.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    sender.close()


def speak_nonsense(sender):
    sender.write(b"no chunk\r\n" * 9000)


@pytest.mark.parametrize("end", [give_up, reset, speak_nonsense])
async def test_room_is_given_back_when_the_body_has_no_end(end, base_url, room, ledger):
    async with connected(base_url) as (_, sender):
        sender.write(head("Transfer-Encoding: chunked") + chunk(b"x" * 50_000))
        await until(lambda: room.free <= ROOM - 50_000)
        end(sender)
        await until(lambda: room.free == ROOM)
    assert ledger()["received"] == 0


@pytest.fixture
def impatient(settings):
    settings["body_timeout_seconds"] = 0.1


@each_way
async def test_room_is_given_back_when_the_body_takes_too_long(impatient, way, base_url, room):
    async with connected(base_url) as (answers, sender):
        sender.write(half(way(trace_of(LIMIT)))[0])
        await until(lambda: room.free < ROOM - LIMIT // 3)
        assert await asyncio.wait_for(answers.read(), 4) == b""
        await until(lambda: room.free == ROOM)


async def test_room_is_not_given_back_to_a_sender_that_leaves_before_its_body_is_read(
    base_url, room, counted, rows, monkeypatch
):
    go_on = asyncio.Event()
    original = Slices.work
    monkeypatch.setattr(Slices, "work", lambda self: go_on.is_set() and original(self))
    async with connected(base_url) as (_, sender):
        sender.write(announced(trace_of(LIMIT)))
        await until(lambda: room.free == ROOM - LIMIT)
        sender.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    async with connected(base_url) as (answers, sender):  # until the reset has surely come
        for _ in range(3):
            sender.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await read_answer(answers)).status == 200
    assert (room.free, counted("http_requests_in_flight")) == (ROOM - LIMIT, 1)
    go_on.set()
    await until(lambda: room.free == ROOM)
    assert counted("http_requests_in_flight") == 0
    assert len(await rows()) == 1


def test_what_is_refused_already_takes_no_room():
    room = Room(ROOM)
    body = Body(room, LIMIT)
    body.refuse(Refusal("unsupported_media_type", 415, "no"))
    body.announce(50_000)
    assert room.free == ROOM


def test_room_is_given_back_only_once():
    room = Room(ROOM)
    body = Body(room, LIMIT)
    body.announce(50_000)
    assert room.free == ROOM - 50_000
    body.release()
    body.release()
    assert room.free == ROOM
