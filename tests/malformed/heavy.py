"""Under the default limits: large bodies, large heads, and bodies that are dear to look through."""

import gzip
import zlib
from collections.abc import Iterator

from backports import zstd

from .case import (
    ERRORS,
    JSON,
    LITELLM,
    MARKER,
    NDJSON,
    TRACES,
    Case,
    event,
    good,
    post,
    refused,
    rejected,
    taken,
)

MAX_BODY, MAX_EVENTS, MAX_HEAD = 32 * 2**20, 1000, 2**16
MIB = 2**20


def _counts() -> Iterator[Case]:
    over = MAX_EVENTS + 1
    for what, body, kind in (
        ("events", b"[" + b",".join([event("trace")] * over) + b"]", JSON),
        ("lines", (event("trace") + b"\n") * over, NDJSON),
        ("bad-lines", b"{\n" * over, NDJSON),
        ("numbers", b"[" + b"1," * MIB + b"1]", JSON),
    ):
        request = post(body, content_type=kind)
        yield refused(f"heavy-{what}", request, 413, "too_many_events")
    for what, item, path in (
        ("empty", b"{}", "/provider"),
        ("deep", event("trace", model="[" * 400 + "]" * 400), "/model"),
        ("long", event("trace", model=f'"{"é" * 5000}"'), "/model"),
        ("wide", event("trace", model="[" + "1," * 2000 + "1]"), "/model"),
    ):
        body = b"[" + b",".join([item] * MAX_EVENTS) + b"]"
        yield rejected(f"heavy-bad-{what}", post(body), path, fates="r" * MAX_EVENTS)
    lines = b"\n".join([b'"\\ud800' + b"[" * 2000] * MAX_EVENTS)
    id = "heavy-bad-deep-lines"
    yield rejected(id, post(lines, ERRORS, NDJSON), "", "invalid_json", "r" * MAX_EVENTS)


def _sizes() -> Iterator[Case]:
    large = post(b" " * (MAX_BODY + 1))
    yield refused("heavy-size", large, 413, "body_too_large")
    for name, packed in (
        ("gzip", gzip.compress(b" " * (MAX_BODY + 1), 1)),
        ("deflate", zlib.compress(b" " * (MAX_BODY + 1), 1)),
        ("zstd", zstd.compress(b"[" * (MAX_BODY + 1))),
    ):
        bomb = post(packed, headers=[f"Content-Encoding: {name}".encode()])
        yield refused(f"heavy-bomb-{name}", bomb, 413, "body_too_large")
    head = b"GET /livez HTTP/1.1\r\nHost: x\r\nX: %b\r\n\r\n" % (b"x" * MAX_HEAD)
    yield refused("heavy-head", head, 431, "headers_too_large", closes=True)
    said = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (2 * MAX_BODY + 1)
    yield refused("heavy-length", said, 413, "body_too_large", closes=True)


def _bodies() -> Iterator[Case]:
    for what, body in (
        ("a-million-lists", b"[" * 10**6),
        ("a-million-lists-after-an-escape", rb'["\ud800", ' + b"[" * 10**6),
        ("a-million-digits", b'{"a": ' + b"7" * 10**6 + b"}"),
        ("a-million-digits-after-an-escape", rb'{"b": "\ud800", "a": ' + b"7" * 10**6 + b"}"),
        ("a-million-fractions", b'{"a": 0.' + b"7" * 10**6 + b"e}"),
        ("backslashes", b'"' + b"\\" * (4 * MIB + 1)),
        ("escapes-without-end", b'["' + rb"\u0041" * MIB),
        ("utf-16", ("[" + " " * MIB).encode("utf-16")),
    ):
        yield refused(f"heavy-{what}", post(body), 400, "invalid_json")
    yield rejected("heavy-a-million-objects", post(b'{"":' * 10**6), "", "unstorable")
    quotes = post(b'[""' + b',""' * MIB)
    yield refused("heavy-quotes", quotes, 413, "too_many_events")


def _texts() -> Iterator[Case]:
    """Long texts, which are cut; and what is looked for in them."""
    for what, text in (
        ("data-uris", "data:a/a;base64," * 200_000),
        ("data-parameters", "data:a/a" + ";a=a" * 10**6 + ";base64,"),
        ("data-words", "data:" * 10**6 + "base64,"),
        ("data-types", "data:" + "a" * 4 * MIB + "/base64,"),
        ("emoji", "😀" * MIB),
    ):
        id = f"heavy-text-{what}"
        yield taken(id, post(event("trace", event_id=f'"{id}"', input_text=f'"{text}"')))
    for what, metadata in (
        ("members", "{" + ",".join(f'"{n}": {n}' for n in range(100_000)) + "}"),
        ("backslashes", '{"a": "' + "\\" * MIB + rf'{MARKER}"}}'),
        ("text", '"{\\"a\\": \\"' + "x" * MIB + '\\"}"'),
    ):
        id = f"heavy-metadata-{what}"
        yield taken(id, post(event("trace", event_id=f'"{id}"', metadata=metadata)))
    nul = '{"a": "' + "\\" * MIB + r'\u0000"}'
    body = event("trace", metadata=nul)
    yield rejected("heavy-metadata-nul", post(body), "/metadata", "unstorable")
    id = "heavy-litellm-messages"
    call = b'{"litellm_call_id": "%b", "model": "m", "messages": [%b]}'
    message = b'{"role": "user", "content": [[[[{"text": "%b"}]]]]}' % MARKER.encode()
    yield taken(id, post(call % (id.encode(), b",".join([message] * 800)), LITELLM))
    id = "heavy-spaces"
    yield taken(id, post(b" " * (MAX_BODY - 100) + good(id), TRACES))


CASES = [case._replace(limits="default") for case in (*_counts(), *_sizes(), *_bodies(), *_texts())]
