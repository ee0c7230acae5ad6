"""Bodies in chunks, however they are cut."""

import pytest

from server.lean.chunks import FREE_FRAMING_BYTES, Chunks
from server.refusal import Refusal

from .raw import chunk

BODY = b"5\r\nhello\r\n00a\r\n, world..!\r\n0\r\n\r\n"


def read(*parts, most=1000):
    """The body, and what was left behind it."""
    chunks, data, body = Chunks(most), bytearray(), b""
    for part in parts:
        data += part
        piece, read = chunks.take(data)
        del data[:read]
        body += piece
        if chunks.fault is not None:
            raise chunks.fault
    return body, bytes(data), chunks.is_done


def test_chunks_are_put_together():
    assert read(BODY + b"GET /") == (b"hello, world..!", b"GET /", True)


@pytest.mark.parametrize("cut", range(1, len(BODY)))
def test_a_cut_changes_nothing(cut):
    assert read(BODY[:cut], BODY[cut:] + b"GET /") == (b"hello, world..!", b"GET /", True)
    assert not read(BODY[:cut])[2]


def test_a_byte_at_a_time_changes_nothing():
    assert read(*(bytes([byte]) for byte in BODY)) == (b"hello, world..!", b"", True)


BAD = {
    "an extension": b"5;a=b\r\nhello\r\n",
    "a space": b"5 \r\nhello\r\n",
    "a sign": b"+5\r\nhello\r\n",
    "a prefix": b"0x5\r\nhello\r\n",
    "no size": b"\r\nhello\r\n",
    "nine digits": b"000000005\r\nhello\r\n",
    "a bare line feed": b"5\nhello\r\n",
    "a bare return": b"5\rhello\r\n",
    "a chunk without an end": b"5\r\nhello0\r\n\r\n",
    "a chunk that ends in a line feed": b"5\r\nhello\n0\r\n\r\n",
    "a trailer": b"5\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "too much": b"3e9\r\n",
    "far too much": b"ffffffff\r\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_is_not_clear_is_refused_at_once_and_in_parts(data):
    with pytest.raises(Refusal):
        read(data)
    with pytest.raises(Refusal):
        read(*(bytes([byte]) for byte in data))


def test_what_comes_before_a_fault_is_told_first():
    chunks = Chunks(1000)
    assert chunks.take(bytearray(b"5\r\nhello\r\nzzz")) == (b"hello", 10)
    assert chunks.fault is not None


def test_a_body_may_have_as_much_as_the_limit():
    assert read(chunk(b"x" * 400) + chunk(b"x" * 600) + chunk())[0] == b"x" * 1000
    with pytest.raises(Refusal):
        read(chunk(b"x" * 400) + chunk(b"x" * 601) + chunk())


def test_framing_may_not_be_most_of_it():
    small, most = chunk(b"x"), 2**20
    free = FREE_FRAMING_BYTES // (len(small) - 2) - 2
    assert len(read(small * free + chunk(), most=most)[0]) == free
    with pytest.raises(Refusal):
        read(small * 2 * free + chunk(), most=most)
    large = chunk(b"x" * 20) * 20_000
    assert read(large + chunk(), most=most)[2]
