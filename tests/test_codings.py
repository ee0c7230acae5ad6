"""Compressed bodies: what is spoken, what is damaged, what is too large."""

import asyncio
import contextlib
import gzip
import json
import random
import zlib
from typing import Any

import brotli
import pytest
from backports import zstd

from server.handlers.body import Body, Room
from server.handlers.codings import PIECE, unpacker
from server.refusal import Refusal

from .raw import announced, chunk, chunked, connected, head, read_answer

pytestmark = [pytest.mark.both_layers, pytest.mark.gen_test]

TRACE = {"provider": "openai", "model": "gpt-4o-mini"}
LIMIT = 90_000
SPOKEN = "gzip, deflate, zstd, br"


def bare_deflate(data):
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def far_back(data, bits):
    """A zstd frame with a window of 2**bits bytes, and no word about its size."""
    options = {int(zstd.CompressionParameter.window_log): bits}
    stream = zstd.ZstdCompressor(options=options)
    return stream.compress(data) + stream.flush()


CODINGS = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate, bare": ("deflate", bare_deflate),
    "zstd": ("zstd", zstd.compress),
    "brotli": ("br", brotli.compress),
}
ONE_MEMBER = ("deflate", "br")
each_coding = pytest.mark.parametrize(("name", "pack"), CODINGS.values(), ids=CODINGS)
in_members = pytest.mark.parametrize(
    ("name", "pack"), [CODINGS["gzip"], CODINGS["zstd"]], ids=["gzip", "zstd"]
)


@pytest.fixture
def settings():
    return {"max_body_bytes": LIMIT}


@pytest.fixture
def send(post):
    """Post what is packed already."""

    async def send(coding, packed):
        return await post("/v1/traces", packed, headers={"Content-Encoding": coding})

    return send


def trace_of(size):
    """A trace whose JSON has `size` bytes."""
    empty = len(json.dumps({**TRACE, "input_text": ""}))
    return json.dumps({**TRACE, "input_text": "x" * (size - empty)}).encode()


@each_coding
async def test_a_packed_event_is_stored(name, pack, send, rows, counted):
    body = trace_of(50_000)
    assert (await send(name, pack(body))).code == 202
    (row,) = await rows()
    assert row["input_text"].startswith("xxx")
    assert row["metadata"]["truncated"] == {"input_text": len(json.loads(body)["input_text"])}
    assert counted("http_request_size_bytes_sum", route="traces") == 50_000


@pytest.mark.parametrize("name", ["GZIP", "X-GZip", "gzip, identity", "identity,gzip", ", gzip ,"])
async def test_a_coding_may_be_named_in_other_ways(name, send, rows):
    assert (await send(name, gzip.compress(trace_of(100)))).code == 202
    assert len(await rows()) == 1


@pytest.mark.parametrize("name", ["identity", "Identity, identity", ","])
async def test_no_coding_may_be_named_too(name, send, rows):
    assert (await send(name, trace_of(100))).code == 202
    assert len(await rows()) == 1


@pytest.mark.parametrize("path", ["/v1/errors", "/v1/litellm"])
async def test_all_routes_unpack(path, post, ledger):
    error = {"error_type": "x", "message": "y"}
    item = error if path == "/v1/errors" else {"model": "m", "custom_llm_provider": "p"}
    body = gzip.compress(json.dumps(item).encode())
    assert (await post(path, body, headers={"Content-Encoding": "gzip"})).code == 202
    assert ledger()["accepted"] == 1


@each_coding
async def test_the_limit_is_that_of_what_it_unpacks_to(name, pack, send, rows):
    assert (await send(name, pack(trace_of(LIMIT)))).code == 202
    assert len(await rows()) == 1


@each_coding
async def test_a_byte_over_the_limit_is_refused(name, pack, send, refused):
    refused(await send(name, pack(trace_of(LIMIT + 1))), 413, "body_too_large")


@pytest.mark.slow
@each_coding
@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: b"",
        lambda packed: packed[:1],
        lambda packed: packed[:-1],
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed + b"garbage",
        lambda packed: packed + b"\0",
        lambda packed: b"\xff" + packed,
    ],
    ids=["empty", "one byte", "no last byte", "half", "garbage behind", "NUL behind", "before"],
)
async def test_what_is_damaged_is_refused(name, pack, damage, send, refused):
    refused(await send(name, damage(pack(trace_of(500)))), 400, "bad_encoding")


CHECKED = zstd.compress(trace_of(500), options={int(zstd.CompressionParameter.checksum_flag): 1})


@pytest.mark.parametrize(
    ("name", "packed", "index"),
    [
        ("gzip", gzip.compress(trace_of(500)), -5),
        ("gzip", gzip.compress(trace_of(500)), -1),
        ("deflate", zlib.compress(trace_of(500)), -1),
        ("zstd", CHECKED, -1),
    ],
    ids=["gzip's CRC", "gzip's length", "zlib's sum", "zstd's sum"],
)
async def test_a_wrong_checksum_or_length_is_refused(name, packed, index, send, refused):
    wrong = bytearray(packed)
    wrong[index] ^= 1
    refused(await send(name, bytes(wrong)), 400, "bad_encoding")


async def test_an_empty_body_in_chunks_is_refused_too(base_url):
    async with connected(base_url) as (reader, writer):
        for coding in ("gzip", "deflate", "zstd", "br"):
            writer.write(chunked(b"", f"Content-Encoding: {coding}") + chunk())
            answer = await read_answer(reader)
            assert (answer.status, answer.reason) == (400, "bad_encoding")


@pytest.mark.parametrize(
    "name", ["brotli", "compress", "gzip, gzip", "gzip, zstd", "gzip;q=1", "x y"]
)
async def test_what_is_not_spoken_is_refused(name, send, refused):
    response = await send(name, gzip.compress(gzip.compress(trace_of(100))))
    assert response.headers["Accept-Encoding"] == SPOKEN
    refused(response, 415, "unsupported_media_type")


async def test_two_header_lines_are_two_codings(base_url):
    twice = ("Content-Encoding: gzip", "Content-Encoding: gzip")
    async with connected(base_url) as (reader, writer):
        writer.write(announced(gzip.compress(trace_of(100)), *twice))
        answer = await read_answer(reader)
    assert (answer.status, answer.headers["Accept-Encoding"]) == (415, SPOKEN)


async def test_a_window_of_8_mib_is_had_and_no_larger_one(send, refused, rows):
    assert (await send("zstd", far_back(trace_of(500), 23))).code == 202
    assert len(await rows()) == 1
    response = await send("zstd", far_back(trace_of(500), 24))
    assert (response.code, response.answer["error"]["reason"]) == (400, "bad_encoding")


@in_members
async def test_members_in_a_row_are_one_body(name, pack, send, rows):
    body = trace_of(500)
    members = [pack(body[:200]), pack(b""), pack(body[200:201]), pack(body[201:]), pack(b"")]
    assert (await send(name, b"".join(members))).code == 202
    assert len(await rows()) == 1


@in_members
async def test_there_may_be_4096_members(name, pack, send, refused):
    members = pack(b"") * 4095 + pack(trace_of(100))
    assert (await send(name, members)).code == 202
    response = await send(name, pack(b"") + members)
    assert (response.code, response.answer["error"]["reason"]) == (400, "bad_encoding")


async def test_a_zstd_frame_to_be_skipped_is_skipped(send, rows):
    skipped = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"
    assert (await send("zstd", skipped + zstd.compress(trace_of(100)))).code == 202
    assert len(await rows()) == 1


@each_coding
async def test_a_body_may_come_a_byte_at_a_time(name, pack, base_url, rows):
    body = trace_of(200)
    cut = 200 if name in ONE_MEMBER else 77
    packed = pack(body[:cut]) + (pack(body[cut:]) if body[cut:] else b"")
    async with connected(base_url) as (reader, writer):
        writer.write(head("Transfer-Encoding: chunked", f"Content-Encoding: {name}"))
        for byte in packed:
            writer.write(chunk(bytes([byte])))
            for _ in range(3):  # turns of the loop, so that it is mostly read by itself
                await asyncio.sleep(0)
        writer.write(chunk())
        assert (await read_answer(reader)).status == 202
    assert len(await rows()) == 1


def unpacked(name, parts):
    """What `parts` unpack to; no piece may be too large."""
    machine = unpacker(name)
    assert machine is not None
    pieces = [piece for part in parts for piece in machine.feed(part)]
    machine.check_end()
    assert max(map(len, pieces), default=0) <= PIECE
    assert all(pieces)
    return b"".join(pieces)


@each_coding
def test_any_cut_in_two_gives_the_same(name, pack):
    packed = pack(b"some text, " * 9) * (1 if name in ONE_MEMBER else 3)
    whole = unpacked(name, [packed])
    for cut in range(len(packed) + 1):
        assert unpacked(name, [packed[:cut], packed[cut:]]) == whole


@pytest.mark.slow
@each_coding
@pytest.mark.parametrize("seed", range(8))
def test_any_cuts_give_the_same(name, pack, seed):
    chance = random.Random(seed)  # noqa: S311 no secret
    sizes = [chance.choice([0, 1, 999, PIECE, 3 * PIECE + 1]) for _ in range(6)]
    texts = [chance.randbytes(size) if size % 2 else bytes(size) for size in sizes]
    texts = texts[:1] if name in ONE_MEMBER else texts
    packed = b"".join(map(pack, texts))
    cuts = sorted(chance.choices(range(len(packed) + 1), k=chance.choice([1, 30, 300])))
    parts = [packed[i:j] for i, j in zip([0, *cuts], [*cuts, None], strict=True)]
    assert unpacked(name, parts) == b"".join(texts)


@each_coding
def test_no_beginning_of_a_body_is_a_whole_one(name, pack):
    packed = pack(b"some text, " * 9)
    for size in range(len(packed)):
        with pytest.raises(Refusal):
            unpacked(name, [packed[:size]])


@pytest.mark.slow
@pytest.mark.parametrize("bits", [20, 22, 24])
async def test_what_brotli_unpacks_before_its_turn_has_room_or_is_refused(bits):
    """It fills its window with what 20 bytes say, and gives it out a piece at a time."""
    packer = brotli.Compressor(lgwin=bits)
    bomb = packer.process(bytes(2**25)) + packer.finish()
    room = Room(5 * 2 ** (bits - 1))
    bodies = [Body(room, 2**26) for _ in range(3)]
    for body in bodies:
        body.unpacker = unpacker("br")
        unpacking: Any = body.add(bomb)
        with contextlib.suppress(StopIteration):
            unpacking.send(None)
    assert [body.refusal and body.refusal.reason for body in bodies] == [None, None, "busy"]
    for body in bodies:
        body.release()
    assert room.free == 5 * 2 ** (bits - 1)


@pytest.mark.slow
@each_coding
async def test_others_have_their_turn_while_a_bomb_is_unpacked(name, pack):
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    body = Body(Room(2**30), 2**24)
    body.unpacker = unpacker(name)
    task = asyncio.create_task(other())
    added = body.add(pack(bytes(2**24)))
    assert added is not None
    await added
    task.cancel()
    assert len(body.whole()) == 2**24
    assert turns >= 2**24 // PIECE
