"""Streams by name: smugglers' own, and what the real process is told that is no HTTP, or odd."""

from random import Random

from ..malformed import framing, http
from .cutting import cut
from .grammar import event, plain
from .running import Stream

BODY = event("named")
HIDDEN = plain("hidden")
START = b"POST /v1/traces HTTP/1.1\r\nContent-Type: application/json\r\n"
HEAD = START + b"Host: x\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
GOOD = HEAD + LENGTH + b"\r\n" + BODY
LONGEST = 20_000
THREADED = (b" /metrics", b" /health")
"""Answered by a thread: on Tornado's layer too late for one who has said that it says no more."""

SMUGGLED = {
    "CL.TE": HEAD + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + HIDDEN,
    "TE.CL": HEAD + CHUNKED + b"Content-Length: 4\r\n\r\n5e\r\n" + HIDDEN + b"\r\n0\r\n\r\n",
    "CL.CL": HEAD + b"Content-Length: 0\r\n" + LENGTH + b"\r\n" + HIDDEN,
    "TE.TE": HEAD + CHUNKED + b"Transfer-Encoding: x\r\n\r\n" + CHUNKS + HIDDEN,
    "TE.0": HEAD + b"Transfer-Encoding: identity\r\n" + LENGTH + b"\r\n" + BODY + HIDDEN,
    "CL.0 of a GET": b"GET /livez HTTP/1.1\r\nHost: x\r\n"
    + b"Content-Length: %d\r\n\r\n" % len(HIDDEN)
    + HIDDEN
    + GOOD,
    "0.CL behind an expectation": HEAD + b"Expect: 100-continue\r\n" + LENGTH + b"\r\n" + HIDDEN,
    "expectation of an unknown method": b"X"
    + HEAD
    + b"Expect: 100-continue\r\n"
    + b"Content-Length: %d\r\n\r\n" % len(HIDDEN)
    + HIDDEN,
    "upgrade with a body": HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
    b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN + GOOD,
    "upgrade and a preface": HEAD
    + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
    + LENGTH
    + b"\r\n"
    + BODY
    + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    + HIDDEN,
    "CONNECT": b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN,
    "size over 32 bits": HEAD + CHUNKED + b"\r\n100000000\r\n" + HIDDEN,
    "size over 64 bits": HEAD + CHUNKED + b"\r\n10000000000000000\r\n\r\n" + HIDDEN,
    "end of a chunk of one byte": HEAD + CHUNKED + b"\r\n1\r\na\n0\r\n\r\n" + HIDDEN,
    "end of a chunk by CR": HEAD + CHUNKED + b"\r\n1\r\na\r\r0\r\n\r\n" + HIDDEN,
    "size ended by LF": HEAD + CHUNKED + b"\r\n1\na\r\n0\r\n\r\n" + HIDDEN,
    "extension with LF": HEAD + CHUNKED + b"\r\n1;\na\r\n0\r\n\r\n" + HIDDEN,
    "last chunk with an extension": HEAD + CHUNKED + b"\r\n0;x=y\r\n\r\n" + HIDDEN,
    "trailer that hides": HEAD + CHUNKED + b"\r\n0\r\n" + HIDDEN,
    "trailer of one LF": HEAD + CHUNKED + b"\r\n0\r\n\n" + HIDDEN,
    "last chunk without its empty line": HEAD + CHUNKED + b"\r\n0\r\n" + b"GET /livez HTTP/1.1\r\n",
    "empty chunks": HEAD + CHUNKED + b"\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks of HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n" + CHUNKS + HIDDEN,
    "head ended by LF LF": HEAD.replace(b"\r\n", b"\n") + b"\n" + HIDDEN,
    "head ended by CR LF LF": HEAD + LENGTH[:-2] + b"\r\n\n" + BODY,
    "head ended by LF CR LF": HEAD + LENGTH[:-2] + b"\n\r\n" + BODY,
    "head ended by CR CR": HEAD + LENGTH[:-2] + b"\r\r" + BODY,
    "CR CR LF": HEAD + b"X: y\r\r\n" + LENGTH + b"\r\n" + BODY,
    "HTTP/0.9": b"GET /livez\r\n",
    "HTTP/0.9, and more": b"GET /livez\r\n\r\n" + GOOD,
    "empty line": b"\r\n" + GOOD,
    "empty lines": b"\r\n" * 30 + GOOD,
    "empty line between": GOOD + b"\r\n" + GOOD,
    "empty lines between": GOOD + b"\r\n\r\n\r\n" + GOOD,
    "LF between": GOOD + b"\n" + GOOD,
    "CR between": GOOD + b"\r" + GOOD,
    "NUL between": GOOD + b"\0" + GOOD,
    "space between": GOOD + b" " + GOOD,
    "many fields": HEAD + b"X: y\r\n" * 90 + LENGTH + b"\r\n" + BODY,
    "too many fields": HEAD + b"X: y\r\n" * 400 + LENGTH + b"\r\n" + BODY,
    "head of the limit": HEAD + b"X: %b\r\n" % (b"y" * 3900) + LENGTH + b"\r\n" + BODY + GOOD,
    "many arguments": START.replace(b"traces", b"traces?" + b"a=b&" * 700) + b"Host: x\r\n\r\n",
    "body of the limit": HEAD + b"Content-Length: 2000\r\n\r\n" + b"[" * 2000 + GOOD,
    "body over the limit": HEAD + b"Content-Length: 2001\r\n\r\n" + b"[" * 2001 + GOOD,
    "body of twice the limit": HEAD + b"Content-Length: 4000\r\n\r\n" + b"[" * 4000 + GOOD,
    "body over twice the limit": HEAD + b"Content-Length: 4001\r\n\r\n" + b"[" * 4001 + GOOD,
    "chunks over twice the limit": HEAD
    + CHUNKED
    + b"\r\n"
    + b"3e8\r\n%b\r\n" % (b"[" * 1000) * 5
    + b"0\r\n\r\n"
    + GOOD,
    "chunks of one byte": HEAD + CHUNKED + b"\r\n" + b"1\r\n[\r\n" * 1500 + b"0\r\n\r\n" + GOOD,
    "many small requests": b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 120 + GOOD,
    "a close in front": HEAD + b"Connection: close\r\n" + LENGTH + b"\r\n" + BODY + GOOD,
    "a close among others": HEAD + b"Connection: x, close\r\n" + LENGTH + b"\r\n" + BODY + GOOD,
    "two lines of a close": HEAD
    + b"Connection: x\r\nConnection: close\r\n"
    + LENGTH
    + b"\r\n"
    + BODY
    + GOOD,
    "host of 1.0 twice": HEAD.replace(b"1.1", b"1.0") + b"Host: x\r\n" + LENGTH + b"\r\n" + BODY,
    "length with a vertical tab": HEAD + b"Content-Length:\x0b%d\r\n\r\n%b" % (len(BODY), BODY),
    "length with a no-break space": HEAD + b"Content-Length:\xa0%d\r\n\r\n%b" % (len(BODY), BODY),
    "coding with NEL": HEAD + b"Transfer-Encoding: \x85chunked\r\n\r\n" + CHUNKS,
    "line split by NEL": HEAD + b"X: y\x85" + CHUNKED + LENGTH + b"\r\n" + BODY,
    "line split by FS": HEAD + b"X: y\x1c" + CHUNKED + LENGTH + b"\r\n" + BODY,
}


def named() -> list[Stream]:
    """All of them, each cut somewhere, every other one behind a good request."""
    cases = (*framing.CASES, *http.CASES)
    requests = SMUGGLED | {case.id: case.request for case in cases}
    random = Random(1)  # noqa: S311 to be repeated, not secret
    streams: list[Stream] = []
    for name, request in requests.items():
        is_quick = not any(path in request for path in THREADED)
        if 0 < len(request) < LONGEST and is_quick:
            data = GOOD + request if len(streams) % 2 else request
            streams.append(Stream(name, data, cut(random, data)))
    return streams
