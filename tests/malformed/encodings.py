"""Compressed bodies: broken, mislabelled, too large when unpacked, or in no coding we know."""

import gzip
import zlib
from collections.abc import Callable, Iterator

import brotli
from backports import zstd

from .case import (
    ERRORS,
    JSON,
    LITELLM,
    MARKER,
    MAX_BODY,
    NDJSON,
    TRACES,
    Case,
    ask,
    between,
    event,
    good,
    post,
    refused,
    rejected,
    taken,
)

Pack = Callable[[bytes], bytes]

ACCEPTED = {"accept-encoding": "gzip, deflate, zstd, br"}
UNKNOWN = (
    "brotli",
    "compress",
    "x-compress",
    "lzma",
    "zip",
    "bzip2",
    "chunked",
    "gzip;q=1",
    "gzip, gzip",
    "gzip, deflate",
    "zstd, gzip",
    "gzip gzip",
    "gz",
    "gzipp",
    "*",
    MARKER,
)


def gzipped(body: bytes) -> bytes:
    """One member, the same each time."""
    return gzip.compress(body, mtime=0)


def deflated(body: bytes) -> bytes:
    """Deflate without a wrapper."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def checked(body: bytes) -> bytes:
    """A zstd frame with a checksum."""
    return zstd.compress(body, options={zstd.CompressionParameter.checksum_flag: 1})


def windowed(body: bytes, log: int) -> bytes:
    """A zstd frame of unknown size that asks for a window of 2**log bytes."""
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: log})
    return packer.compress(body) + packer.flush()


PACKS: dict[str, Pack] = {
    "gzip": gzipped,
    "deflate": zlib.compress,
    "deflate-raw": deflated,
    "zstd": checked,
}


def coded(body: bytes, coding: str, route: str = TRACES, content_type: str = JSON) -> bytes:
    """A POST of a body as it is, with a coding's name."""
    return post(body, route, content_type, [b"Content-Encoding: %b" % coding.encode()])


def _name(pack: str) -> str:
    return pack.partition("-")[0]


def _bad(id: str, body: bytes, coding: str) -> Case:
    return refused(f"coding-{id}", coded(body, coding), 400, "bad_encoding")


def _unknown() -> Iterator[Case]:
    for number, coding in enumerate(UNKNOWN):
        request = coded(gzipped(event("trace")), coding, (TRACES, ERRORS, LITELLM)[number % 3])
        yield _unsupported(f"unknown-{coding}", request)
    for first, second in (("gzip", "gzip"), ("identity", "lzma"), ("gzip", "zstd")):
        lines = [f"Content-Encoding: {coding}".encode() for coding in (first, second)]
        request = post(gzipped(event("trace")), headers=lines)
        yield _unsupported(f"lines-{first}-{second}", request)
    yield _unsupported("unknown-and-plain", coded(event("trace"), "lzma"))


def _unsupported(id: str, request: bytes) -> Case:
    return refused(f"coding-{id}", request, 415, "unsupported_media_type", headers=ACCEPTED)


def _fine() -> Iterator[Case]:
    names: tuple[tuple[str, Pack], ...] = (
        ("identity", bytes),
        ("Identity", bytes),
        ("x-gzip", gzipped),
        ("GZIP", gzipped),
        ("gzip, identity", gzipped),
        ("Deflate", zlib.compress),
        ("ZSTD", zstd.compress),
        ("BR", brotli.compress),
    )
    for coding, pack in names:
        id = f"coding-{coding}"
        yield taken(id, coded(pack(good(id)), coding))
    for name, pack in PACKS.items():
        id = f"coding-{name}-in-chunks"
        packed = pack(good(id))
        lines = [
            b"Content-Type: application/json",
            b"Transfer-Encoding: chunked",
            b"Content-Encoding: %b" % _name(name).encode(),
        ]
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in packed) + b"0\r\n\r\n"
        yield taken(id, ask("POST", TRACES, lines, chunks))
    for name, pack in (("gzip", gzipped), ("zstd", zstd.compress)):
        id = f"coding-{name}-in-parts"
        array = between(id, good(f"{id}-3"))
        parts = pack(array[:9]) + pack(b"") + pack(array[9:30]) + pack(array[30:])
        yield taken(id, coded(parts, name), "aaa")
    id = "coding-gzip-with-all-header-fields"
    yield taken(id, coded(_with_fields(good(id)), "gzip"))
    id = "coding-zstd-after-a-skippable-frame"
    yield taken(id, coded(_skippable(MARKER.encode()) + zstd.compress(good(id)), "zstd"))
    id = "coding-zstd-window-of-8-mib"
    yield taken(id, coded(windowed(good(id), 23), "zstd"))


def _with_fields(body: bytes) -> bytes:
    """A gzip member with FTEXT, FHCRC, FEXTRA, FNAME and FCOMMENT."""
    whole = gzipped(body)
    head = whole[:3] + b"\x1f" + whole[4:10] + b"\x02\x00ab" + b"name\0" + b"comment\0"
    return head + (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little") + whole[10:]


def _skippable(content: bytes) -> bytes:
    return b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content


def _broken() -> Iterator[Case]:
    body = between("x", event("trace", input_text=f'"{MARKER}{"".join(map(str, range(60)))}"'))
    for name, pack in PACKS.items():
        coding, whole = _name(name), pack(body)
        yield _bad(f"{name}-garbage-before", b"\n" + whole, coding)
        yield _bad(f"{name}-garbage-after", whole + MARKER.encode(), coding)
        yield _bad(f"{name}-byte-after", whole + b"x", coding)
        for end in (1, 3, len(whole) // 2, len(whole) - 5, len(whole) - 1):
            yield _bad(f"{name}-cut-at-{end}", whole[:end], coding)
    for coding in ("gzip", "deflate", "zstd"):
        yield _bad(f"{coding}-empty", b"", coding)
        yield _bad(f"{coding}-plain", body, coding)
        yield _bad(f"{coding}-zeros", b"\0" * 64, coding)
        for name, pack in PACKS.items():
            if _name(name) != coding:
                yield _bad(f"{coding}-that-is-{name}", pack(body), coding)


def _flip(body: bytes, at: int, bits: int = 0xFF) -> bytes:
    flipped = bytearray(body)
    flipped[at] ^= bits
    return bytes(flipped)


def _wrong() -> Iterator[Case]:
    """What unpacks, or would, and does not add up."""
    body = event("trace")
    whole = gzipped(body)
    yield _bad("gzip-magic", _flip(whole, 0), "gzip")
    yield _bad("gzip-method", _flip(whole, 2, 1), "gzip")
    yield _bad("gzip-reserved-flag", _flip(whole, 3, 0x80), "gzip")
    yield _bad("gzip-checksum", _flip(whole, -8), "gzip")
    yield _bad("gzip-length", _flip(whole, -4, 1), "gzip")
    yield _bad("gzip-head-only", whole[:10], "gzip")
    yield _bad("gzip-without-its-tail", whole[:-8], "gzip")
    yield _bad("gzip-head-checksum", _flip(_with_fields(body), 27), "gzip")
    yield _bad("gzip-name-without-end", whole[:3] + b"\x08" + whole[4:10] + b"x" * 90, "gzip")
    yield _bad("gzip-second-member-cut", whole + whole[:-1], "gzip")
    yield _bad("gzip-second-member-wrong", whole + _flip(whole, -8), "gzip")
    yield _bad("gzip-block-type", whole[:10] + b"\x07" + whole[11:], "gzip")
    wrapped = zlib.compress(body)
    yield _bad("deflate-checksum", _flip(wrapped, -1), "deflate")
    yield _bad("deflate-without-checksum", wrapped[:-4], "deflate")
    packer = zlib.compressobj(zdict=MARKER.encode())
    yield _bad("deflate-dictionary", packer.compress(body) + packer.flush(), "deflate")
    yield _bad("deflate-twice", wrapped + wrapped, "deflate")
    frame = checked(body)
    yield _bad("zstd-checksum", _flip(frame, -1), "zstd")
    yield _bad("zstd-without-checksum", frame[:-4], "zstd")
    yield _bad("zstd-magic", _flip(frame, 0, 1), "zstd")
    yield _bad("zstd-reserved-bit", _flip(frame, 4, 8), "zstd")
    yield _bad("zstd-size", _flip(zstd.compress(body), 5, 1), "zstd")
    yield _bad("zstd-second-frame-cut", frame + frame[:-1], "zstd")
    yield _bad("zstd-dictionary-id", frame[:4] + b"\x25\x07" + frame[5:], "zstd")
    yield _bad("zstd-skippable-cut", _skippable(body)[:-1], "zstd")
    for log in (24, 27, 31):
        yield _bad(f"zstd-window-of-2-to-{log}", windowed(body, log), "zstd")


def _bombs() -> Iterator[Case]:
    for name, pack in PACKS.items():
        coding = _name(name)
        for size in (MAX_BODY + 1, 3_000_000):
            request = coded(pack(good("x").ljust(size)), coding)
            yield refused(f"coding-{name}-of-{size}", request, 413, "body_too_large")
        id = f"coding-{name}-at-the-limit"
        yield taken(id, coded(pack(good(id).ljust(MAX_BODY)), coding))
    for name, pack in (("gzip", gzipped), ("zstd", zstd.compress)):
        parts = pack(b" " * 60_000) * 2
        request = coded(parts, name)
        yield refused(f"coding-{name}-parts-over-the-limit", request, 413, "body_too_large")
        thousands = pack(b"") * 1500 + pack(MARKER.encode())
        yield refused(f"coding-{name}-of-empty-parts", coded(thousands, name), 400, "invalid_json")
    for coding in ("gzip", "deflate", "zstd"):
        request = coded(MARKER.encode() + b"\0" * MAX_BODY, coding)
        yield refused(f"coding-{coding}-over-the-limit-packed", request, 413, "body_too_large")
    stream = windowed(b" " * (MAX_BODY + 1), 20)
    yield refused("coding-zstd-of-unknown-size", coded(stream, "zstd"), 413, "body_too_large")


def _contents() -> Iterator[Case]:
    """Good compression of what is no good."""
    for name, pack in PACKS.items():
        coding, id = _name(name), f"coding-{name}"
        for what, body in (
            ("nothing", b""),
            ("no-json", b'{"%b": ' % MARKER.encode()),
            ("latin-1", b'{"provider": "\xe9"}'),
            ("packed-twice", pack(event("trace"))),
            ("deep", b"[" * 50_000),
        ):
            yield refused(f"{id}-of-{what}", coded(pack(body), coding), 400, "invalid_json")
        bad = event("trace", prompt_tokens="-1")
        array = coded(pack(between(id, bad)), coding)
        yield rejected(f"{id}-of-a-bad-item", array, "/prompt_tokens", fates="ara")
        lines = b"\n".join((good(f"{id}-l1", "error"), b"{", good(f"{id}-l2", "error")))
        request = coded(pack(lines), coding, ERRORS, NDJSON)
        yield rejected(f"{id}-of-a-bad-line", request, "", "invalid_json", "ara")
        text = coded(pack(event("trace")), coding, TRACES, "text/plain")
        yield refused(f"{id}-of-text", text, 415, "unsupported_media_type")
    many = gzipped(b"[" + b",".join([b"{}"] * 21) + b"]")
    yield refused("coding-gzip-of-too-many", coded(many, "gzip", LITELLM), 413, "too_many_events")


CASES = [*_unknown(), *_fine(), *_broken(), *_wrong(), *_bombs(), *_contents()]
