"""Bytes to values: each way of reading them gives the same, or both refuse.

Where they may differ: in how deep an array may nest (beyond 900), in an element of a million
brackets, and in which of two faults of one body is told.
"""

import gzip
import tracemalloc
import zlib
from itertools import pairwise
from unittest.mock import patch

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from server.events import Rejected
from server.handlers.codings import PIECE, unpacker
from server.receivers import cursor, documents, reader
from server.receivers.cursor import Cursor
from server.receivers.documents import elements
from server.receivers.reader import PYTHONS, STRICT
from server.receivers.weight import weight
from server.refusal import Refusal

from .generated import steady

pytestmark = pytest.mark.slow

READERS = {"strict": STRICT, "pythons": PYTHONS}
REFUSED = "refused"


def joined(*parts):
    """Each part is bytes, or a strategy for some; all of them in a row."""
    drawn = [st.just(part) if isinstance(part, bytes) else part for part in parts]
    return st.tuples(*drawn).map(b"".join)


def row(part, opening, closing):
    """Parts with commas between them."""
    return st.lists(part, max_size=4).map(lambda parts: opening + b",".join(parts) + closing)


SPACE = st.sampled_from((b"", b"", b"", b" ", b"\n", b"\t\r\n  "))
NUMBERS = st.sampled_from([b"1" * 400, b"-" + b"9" * 308, b"9" * 5000, b"0." + b"3" * 800]) | (
    st.sampled_from(
        b"0 -0 -0.0 7 1.0 1e2 1E+2 1e-400 1e400 -1e400 0.1 5e-324 1.7976931348623157e308 2.5e-310 "
        b"9007199254740993 9223372036854775807 9223372036854775808 -9223372036854775808 "
        b"-9223372036854775809 18446744073709551615 18446744073709551616 99999999999999999999 "
        b"123456789012345678901 NaN Infinity -Infinity 01 1. .5 +1 - 1e tru true false null".split()
    )
)
DIGITS = st.floats(allow_nan=False).map(lambda number: repr(number).encode())
CHARACTERS = st.sampled_from(
    [
        *[b"a", b"\\n", b"\\/", b'\\"', b"\\\\", b"\\u0000", b"\\u00e9", b"\\uD83D\\uDE00"],
        *[b"\\ud800", b"\\udfff", b"\\ud800\\u0041", b"[", b"]", b"{", b"}", b",", b":"],
        *["é".encode(), "👍".encode(), b"\xef\xbb\xbf", "\u2028".encode(), b"\x7f"],
        *[b"\x00", b"\n", b"\x1f", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\\x", b"\\u12"],
    ]
)
GOOD = st.sampled_from(
    [b"a", b"b", b"\\n", b'\\"', b"\\\\", b"]", b"{", b",", b"\\ud800", b"\xc3\xa9"]
)
STRINGS = joined(b'"', st.lists(GOOD, max_size=4).map(b"".join), CHARACTERS | st.just(b""), b'"')
KEYS = st.sampled_from((b'"a"', b'"b"', b'"a"', b'"\\u0061"')) | STRINGS
SCALARS = st.one_of(NUMBERS, DIGITS, STRINGS)


def spaced(text):
    return joined(SPACE, text, SPACE)


def _nesting(inner):
    member = joined(spaced(KEYS), b":", spaced(inner))
    return row(spaced(inner), b"[", b"]") | row(member, b"{", b"}") | st.just(b"[ ]")


TEXTS = st.recursive(SCALARS, _nesting, max_leaves=8)
MARKS = st.sampled_from(
    [bytes((byte,)) for byte in b'[]{},:"\\ \n\r\x0b0\xff\xef'] + [b"[]", b'",']
)


@st.composite
def garbled(draw, texts):
    """Texts of which one in two has a few bytes cut out, replaced, or put in."""
    text = draw(texts)
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 3)))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.sampled_from((0, 0, 1, 1, 2, len(text))))
        text = text[:start] + draw(MARKS | st.just(b"")) + text[end:]
    return text


ARRAYS = garbled(spaced(row(spaced(TEXTS), b"[", b"]")))
ANYTHING = garbled(spaced(TEXTS)) | st.binary(max_size=40)
LINE = ANYTHING.map(lambda text: text.replace(b"\n", b" ")).filter(
    lambda text: text.strip(b" \t\r")
)


def outcome(read):
    """What `read` returns, with its types and order; or that it refuses."""
    try:
        return repr(read())
    except Refusal:
        return REFUSED


@pytest.mark.parametrize("name", READERS)
def test_an_array_read_by_its_elements_is_the_array(name):
    read = READERS[name]

    @steady(500)
    @given(ARRAYS)
    def agree(text):
        array = bytearray(text)
        if Cursor(array).is_at(b"["):
            parts = outcome(lambda: [read.large(part) for part in elements(Cursor(array))])
            assert parts == outcome(lambda: read(array))

    agree()


def test_only_an_element_is_counted_by_its_brackets():
    array = bytearray(b"[[[[1]],[[1]]],[]]")
    with patch.object(cursor, "MAX_STEPS", 4):
        found = elements(Cursor(array))
        with pytest.raises(Refusal) as refused:
            next(found)
    assert (refused.value.reason, refused.value.status) == ("body_too_large", 413)
    assert STRICT(array) == [[[[1]], [[1]]], []]


def test_the_parsers_own_depth_counts_the_array_only_where_it_is_read_whole():
    depth = next(n for n in range(1, 5000) if outcome(lambda n=n: _nested(n)) == REFUSED)
    assert depth > 900  # far beyond the 64 that an event may nest
    (part,) = elements(Cursor(bytearray(b"[" * depth + b"]" * depth)))
    assert STRICT(part)


def _nested(depth):
    return STRICT(bytearray(b"[" * depth + b"]" * depth)) and None


@pytest.mark.parametrize("name", READERS)
def test_both_parsers_agree_on_any_bytes(name):
    read = READERS[name]

    @steady(600)
    @given(ANYTHING)
    def agree(text):
        fast = outcome(lambda: read(bytearray(text)))
        with patch.object(reader, "LARGE", -1):
            assert outcome(lambda: read.large(bytearray(text))) == fast

    agree()


def found(body, media_type, read=STRICT, max_events=1000):
    """The items of a body; of a rejected one its reason."""
    items = documents.items(bytearray(body), media_type, "trace", max_events, read)
    return [(item.reason, item.path) if isinstance(item, Rejected) else item for item in items]


@steady(300)
@given(st.lists(LINE, max_size=4), st.sampled_from((b"\n", b"\r\n", b"\n \n")), st.booleans())
def test_a_line_is_what_it_is_alone(lines, between, ends):
    body = between.join(lines) + (between if ends else b"")
    alone = [item for line in lines for item in found(line, documents.NDJSON)]
    assert len(alone) == len(lines)
    assert repr(found(body, documents.NDJSON)) == repr(alone)


@steady(300)
@given(ANYTHING | ARRAYS, st.sampled_from((2, 1000)))
def test_a_large_body_is_read_as_a_small_one(body, max_events):
    """Which of two faults is told differs: a large one is not read on behind the first."""
    small = outcome(lambda: found(body, documents.JSON, max_events=max_events))
    with patch.object(documents, "WHOLE", 0), patch.object(reader, "LARGE", 0):
        large = outcome(lambda: found(body, documents.JSON, max_events=max_events))
    assert large == small


def _bare(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: b"".join(map(gzip.compress, (data[:9], data[9:]))),
    "deflate": zlib.compress,
    " Deflate ": _bare,
    "zstd": zstd.compress,
    "br": brotli.compress,
    "ZSTD, identity": lambda data: b"".join(map(zstd.compress, (data[:9], b"", data[9:]))),
}
CODINGS = st.sampled_from(sorted(PACKERS))
DATA = st.binary(max_size=60) | st.builds(
    bytes.__mul__, st.binary(min_size=1, max_size=3), st.sampled_from((50_000, 100_000, 200_000))
)


def unpacked(coding, parts):
    """The data, a part fed at a time; or that it was refused."""
    stream = unpacker(coding)
    assert stream
    pieces: list[bytes] = []
    try:
        for part in parts:
            pieces += stream.feed(part)
        stream.check_end()
    except Refusal:
        return REFUSED
    assert all(0 < len(piece) <= PIECE for piece in pieces)
    return b"".join(pieces)


def _cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


PLACES = st.lists(st.integers(0, 2**20), max_size=4)


@steady(200)
@given(CODINGS, DATA, PLACES)
def test_what_was_packed_is_unpacked_in_small_pieces(coding, data, places):
    assert unpacked(coding, _cut(PACKERS[coding](data), places)) == data


@steady(500)
@given(
    CODINGS,
    st.one_of(
        garbled(st.builds(lambda coding, data: PACKERS[coding](data), CODINGS, DATA)),
        st.builds(
            bytes.__add__,
            st.sampled_from((b"\x1f\x8b\x08", b"\x78\x9c", b"\x28\xb5\x2f\xfd")),
            st.binary(),
        ),
        st.binary(),
    ),
    PLACES,
)
def test_any_bytes_unpack_or_are_refused_however_they_come(coding, packed, places):
    assert unpacked(coding, _cut(packed, places)) == unpacked(coding, [packed])


# an element of an array, or the members of an object, where N is a number of its own
UNITS = st.recursive(
    st.sampled_from(
        [
            *['""', '"a"', '"\\\\"', '"a\\\\"', '"éé"', '"日"', '"👍"', '"\\ud83d\\ude00aaaaaaaa"'],
            *[
                "1",
                "1e5",
                "-0.5",
                "1000",
                "18446744073709551615",
                "null",
                "[]",
                "{}",
                '"N"',
                '"👍N"',
            ],
            *[f'"{"a" * 60}👍"', f'"é{"a" * 60}"', '"\\"\\"\\""', '"\\n\\n\\n"'],
        ]
    ),
    lambda unit: st.one_of(
        st.lists(unit, min_size=1, max_size=5).map(lambda units: f"[{','.join(units)}]"),
        st.builds('{{"{}":{}}}'.format, st.sampled_from(("a", "N", "👍N", "\\\\N")), unit),
        st.lists(unit, min_size=1, max_size=11).map(
            lambda units: "{" + ",".join(f'"{n}":{unit}' for n, unit in enumerate(units)) + "}"
        ),
    ),
    max_leaves=12,
)
BYTES = 2**20


def scaled(unit, as_members):
    """A text of a MB: an array of `unit`, or an object of it by number."""
    times = BYTES // len(unit.encode())
    each = (unit.replace("N", str(n)) for n in range(times))
    if as_members:
        return "{" + ",".join(f'"{n}":{unit}' for n, unit in enumerate(each)) + "}"
    return "[" + ",".join(each) + "]"


def memory_of(text, read):
    """Bytes that the values of `text` take."""
    tracemalloc.start()
    try:
        value = read(text)
        return tracemalloc.get_traced_memory()[0] if value else 0
    finally:
        tracemalloc.stop()


@steady(12)
@given(UNITS, st.booleans())
def test_what_values_take_is_at_most_what_they_are_weighed(unit, as_members):
    text = bytearray(scaled(unit, as_members).encode())
    assert memory_of(text, STRICT) <= weight(text) * 1.25
