"""What is no HTTP: request lines, header lines, lengths, chunks, ends, and smuggled requests.

Where RFC 9112 lets a server be lenient, or a lenient server harms nobody, both are right.
"""

from collections.abc import Iterator

from .case import (
    MARKER,
    MAX_BODY,
    MAX_HEAD,
    NO_ANSWER,
    TRACES,
    Case,
    event,
    good,
    post,
    refused,
    taken,
)

HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
BODY = event("trace")
MARK = MARKER.encode()

NO_REQUEST_LINES = {
    "garbage": MARK,
    "no-version": b"GET /livez",
    "no-target": b"GET HTTP/1.1",
    "method-alone": b"GET",
    "no-method": b"/livez HTTP/1.1",
    "space-before": b" GET /livez HTTP/1.1",
    "space-after": b"GET /livez HTTP/1.1 ",
    "two-spaces": b"GET  /livez HTTP/1.1",
    "tabs": b"GET\t/livez\tHTTP/1.1",
    "space-in-target": b"GET /li vez HTTP/1.1",
    "more": b"GET /livez HTTP/1.1 %b" % MARK,
    "nul-in-target": b"GET /livez\0 HTTP/1.1",
    "control-in-target": b"GET /livez\x01 HTTP/1.1",
    "delete-in-target": b"GET /livez\x7f HTTP/1.1",
    "method-with-parentheses": b"G(E)T /livez HTTP/1.1",
    "method-with-slash": b"G/ET /livez HTTP/1.1",
    "method-with-nul": b"G\0ET /livez HTTP/1.1",
    "method-in-utf-8": "GÉT /livez HTTP/1.1".encode(),
    "method-in-quotes": b'"GET" /livez HTTP/1.1',
    "method-with-colon": b"GET: /livez HTTP/1.1",
    "version-in-lower-case": b"GET /livez http/1.1",
    "version-of-one-digit": b"GET /livez HTTP/1",
    "version-of-three-digits": b"GET /livez HTTP/1.10",
    "version-0.9": b"GET /livez HTTP/0.9",
    "version-2.0": b"GET /livez HTTP/2.0",
    "version-3.0": b"GET /livez HTTP/3.0",
    "version-9.9": b"GET /livez HTTP/9.9",
    "version-01.1": b"GET /livez HTTP/01.1",
    "version-without-dot": b"GET /livez HTTP/11",
    "version-with-comma": b"GET /livez HTTP/1,1",
    "version-of-letters": b"GET /livez HTTP/x.y",
    "version-wide": "GET /livez HTTP/１.1".encode(),
    "version-of-another": b"GET /livez HTTPS/1.1",
    "version-of-rtsp": b"OPTIONS /livez RTSP/1.0",
    "version-cut-off": b"GET /livez HTTP/",
    "http-2-preface": b"PRI * HTTP/2.0",
    "answer": b"HTTP/1.1 200 OK",
    "header-line-first": b"Accept: */*",
}
NO_HEADER_LINES = {
    "no-colon": MARK,
    "no-name": b": %b" % MARK,
    "space-before-colon": b"X : %b" % MARK,
    "tab-before-colon": b"X\t: %b" % MARK,
    "space-in-name": b"X Y: %b" % MARK,
    "name-with-nul": b"X\0Y: 1",
    "name-with-control": b"X\x1fY: 1",
    "name-with-parenthesis": b"X(Y: 1",
    "name-with-at": b"X@Y: 1",
    "name-with-slash": b"X/Y: 1",
    "name-in-quotes": b'"X": 1',
    "name-in-latin-1": b"X\xe9: 1",
    "name-in-utf-8": "Ключ: 1".encode(),
    "folded": b"X: 1\r\n %b" % MARK,
    "folded-by-a-tab": b"X: 1\r\n\t%b" % MARK,
    "folded-to-nothing": b"X: 1\r\n \r\nY: 2",
    "value-with-nul": b"X: %b\0" % MARK,
    "value-with-bell": b"X: \x07",
    "value-with-escape": b"X: \x1b[31m%b" % MARK,
    "value-with-delete": b"X: a\x7fb",
    "value-with-vertical-tab": b"X: a\x0bb",
    "value-with-carriage-return": b"X: a\rY: %b" % MARK,
    "value-of-carriage-returns": b"X: \r\r",
}
NO_HOSTS = {
    "none": b"",
    "two": b"Host: x\r\nHost: y\r\n",
    "twice-the-same": b"Host: x\r\nHost: x\r\n",
    "list": b"Host: x, y\r\n",
    "space": b"Host: x y\r\n",
    "slash": b"Host: x/%b\r\n" % MARK,
    "at": b"Host: a@x\r\n",
    "question-mark": b"Host: x?y\r\n",
    "hash": b"Host: x#y\r\n",
    "port-of-letters": b"Host: x:http/\r\n",
    "backslash": b"Host: x\\y\r\n",
    "quote": b'Host: "x"\r\n',
    "script": b"Host: <script>%b\r\n" % MARK,
    "bad-escape": b"Host: %zz\r\n",
    "latin-1": b"Host: caf\xe9\r\n",
    "name-with-space": b"Host : x\r\n",
}
NO_LENGTHS = {
    "negative": b"-1",
    "plus": b"+%d" % len(BODY),
    "fraction": b"%d.0" % len(BODY),
    "hexadecimal": b"0x%x" % len(BODY),
    "exponent": b"1e2",
    "underscore": b"1_0",
    "word": MARK,
    "empty": b"",
    "two-numbers": b"%d %d" % (len(BODY), len(BODY)),
    "unequal": b"%d, %d" % (len(BODY), len(BODY) + 1),
    "unequal-by-zeros": b"%d, 0%d" % (len(BODY), len(BODY)),
    "comma-after": b"%d," % len(BODY),
    "comma-before": b",%d" % len(BODY),
    "semicolon": b"%d;" % len(BODY),
    "quotes": b'"%d"' % len(BODY),
    "wide-digits": "１２".encode(),
    "superscript": b"\xb2",
    "arabic-digits": "٣".encode(),
    "negative-zero": b"-0",
    "not-a-number": b"NaN",
    "letters-after": b"%dbytes" % len(BODY),
}
TOO_LONG = {413: "body_too_large", 400: "bad_request"}
NO_CODINGS = {
    "gzip": b"gzip",
    "gzip-chunked": b"gzip, chunked",
    "chunked-gzip": b"chunked, gzip",
    "chunked-twice": b"chunked, chunked",
    "identity": b"identity",
    "chunked-identity": b"chunked, identity",
    "empty": b"",
    "x-chunked": b"xchunked",
    "chunked-with-parameter": b"chunked;q=1",
    "in-quotes": b'"chunked"',
    "comma-before": b",chunked",
    "vertical-tab": b"\x0bchunked",
    "nul": b"chunked\0",
    "latin-1": b"chunk\xe9d",
    "marker": MARK,
    "two-lines": b"chunked\r\nTransfer-Encoding: chunked",
    "two-lines-unequal": b"chunked\r\nTransfer-Encoding: identity",
    "kelvin-sign": "chun\u212aed".encode(),
}
NO_CHUNKS = {
    "word": b"xyz\r\nabc\r\n0\r\n\r\n",
    "empty-size": b"\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "plus": b"+3\r\nabc\r\n0\r\n\r\n",
    "prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "underscore": b"0_3\r\nabc\r\n0\r\n\r\n",
    "space-before": b" 3\r\nabc\r\n0\r\n\r\n",
    "fraction": b"3.0\r\nabc\r\n0\r\n\r\n",
    "two-sizes": b"3 3\r\nabc\r\n0\r\n\r\n",
    "wide-digit": "３\r\nabc\r\n0\r\n\r\n".encode(),
    "nul": b"3\0\r\nabc\r\n0\r\n\r\n",
    "longer-than-said": b"3\r\nabcdef\r\n0\r\n\r\n",
    "shorter-than-said": b"5\r\nabc\r\n0\r\n\r\n",
    "no-line-end": b"3\r\nabc0\r\n\r\n",
    "body-without-chunks": BODY + b"\r\n\r\n",
    "bad-after-good": b"%x\r\n%b\r\nzz\r\n\r\n" % (len(BODY), BODY),
    "good-and-no-size": b"%x\r\n%b\r\n\r\n\r\n" % (len(BODY), BODY),
}
LENIENT_CHUNKS = {
    "extension": b"%x;a=b\r\n%b\r\n0\r\n\r\n",
    "extension-in-quotes": b'%x;a="b;c"\r\n%b\r\n0\r\n\r\n',
    "extension-of-the-last": b"%x\r\n%b\r\n0;a\r\n\r\n",
    "trailer": b"%x\r\n%b\r\n0\r\nX: %%b\r\n\r\n".replace(b"%%b", MARK),
    "space-after": b"%x \r\n%b\r\n0\r\n\r\n",
    "zeros-before": b"0000%x\r\n%b\r\n0\r\n\r\n",
    "many-zeros-at-the-end": b"%x\r\n%b\r\n00000\r\n\r\n",
    "lines-of-lf": b"%x\n%b\n0\n\n\r\n",
}


def _hidden(id: str) -> bytes:
    """A request behind another, that must not be taken: its event's id tells on whom did."""
    return post(good(f"smuggled-{id}"))


def _bad(id: str, request: bytes) -> Case:
    """No HTTP: answered in JSON, and nothing more on its connection."""
    closing = {"connection": "close"}
    return refused(id, request + _hidden(id), 400, "bad_request", headers=closing, closes=True)


def _either(id: str, request: bytes, *, fates: str = "a") -> Case:
    return Case(id, request, {202: "", 400: "bad_request"}, fates=fates, closes=True)


def _heads() -> Iterator[Case]:
    for what, line in NO_REQUEST_LINES.items():
        yield _bad(f"line-{what}", line + b"\r\nHost: x\r\n\r\n")
    for what, line in NO_HEADER_LINES.items():
        head = HEAD + b"Content-Length: %d\r\n%b\r\n\r\n" % (len(BODY), line)
        yield _bad(f"header-{what}", head + BODY)
    folded_first = b"GET /livez HTTP/1.1\r\n Host: x\r\n\r\n"
    yield _bad("header-folded-onto-the-request-line", folded_first)
    for what, host in NO_HOSTS.items():
        yield _bad(f"host-{what}", b"GET /livez HTTP/1.1\r\n%b\r\n" % host)
    for version in (b"1.2", b"1.9"):
        id = f"version-{version.decode()}"
        yield _either(id, post(good(id)).replace(b"HTTP/1.1", b"HTTP/%b" % version))
    id = "version-1.0-without-host"
    request = post(good(id)).replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Host: x\r\n", b"")
    yield taken(id, request)
    id = "target-absolute"
    absolute = post(good(id), "http://x/v1/traces")
    yield Case(id, absolute, {202: "", 404: "not_found"}, fates="a")
    for what, line in (
        ("latin-1", b"X: caf\xe9"),
        ("empty-value", b"X:"),
        ("host-empty", b"X-Host:\r\nX-Host:"),
        ("continue", b"Expect: 100-continue"),
        ("keep-alive", b"Connection: %b, keep-alive" % MARK),
        ("upgrade", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA"),
        ("trailers", b"TE: trailers\r\nTrailer: Content-Length"),
        ("underscores", b"Content_Length: 5\r\nTransfer_Encoding: chunked"),
    ):
        id = f"header-odd-{what}"
        yield taken(id, post(good(id), headers=[line]))
    id = "lines-of-lf"
    yield _either(id, post(good(id)).replace(b"\r\n", b"\n"))
    for what, start in (("one-empty-line", b"\r\n"), ("two-empty-lines", b"\r\n\r\n")):
        yield _either(f"{what}-before", start + post(good(f"{what}-before")))
    id = "thousand-parameters"
    query = "?" + "&".join(f"a{n}" for n in range(1200))
    yield _either(id, post(good(id), TRACES + query))


def _lengths() -> Iterator[Case]:
    for what, length in NO_LENGTHS.items():
        yield _bad(f"length-{what}", HEAD + b"Content-Length: %b\r\n\r\n%b" % (length, BODY))
    two = b"Content-Length: %d\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), len(BODY) - 1, BODY)
    yield _bad("length-two-unequal-lines", HEAD + two)
    id = "length-two-equal-lines"
    body = good(id)
    yield _either(id, post(body, headers=[b"Content-Length: %d" % len(body)]))
    id = "length-equal-list"
    body = good(id)
    length = b"Content-Length: %d, %d\r\n\r\n%b" % (len(body), len(body), body)
    yield _either(id, HEAD + length)
    for what, length in (
        ("over-twice-the-limit", b"%d" % (2 * MAX_BODY + 1)),
        ("over-32-bits", b"4294967296"),
        ("over-63-bits", b"9223372036854775808"),
        ("over-64-bits", b"18446744073709551616"),
        ("of-30-digits", b"9" * 30),
    ):
        request = HEAD + b"Content-Length: %b\r\n\r\n%b" % (length, MARK)
        yield refused(f"length-{what}", request, 413, "body_too_large", closes=True)
    digits = HEAD + b"Content-Length: %b\r\n\r\n" % (b"9" * 5000)
    yield Case("length-of-5000-digits", digits, TOO_LONG, closes=True)


def _codings() -> Iterator[Case]:
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    for what, coding in NO_CODINGS.items():
        head = HEAD + b"Transfer-Encoding: %b\r\n\r\n" % coding
        yield _bad(f"transfer-{what}", head + chunks)
    id = "transfer-in-capitals"
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(good(id)), good(id))
    yield taken(id, HEAD + b"transfer-encoding: CHUNKED\r\n\r\n" + chunk)
    id = "transfer-in-http-1.0"
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(good(id)), good(id))
    yield _either(id, CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + chunk)
    for what, chunked in NO_CHUNKS.items():
        yield _bad(f"chunks-{what}", CHUNKED + chunked)
    for what, form in LENIENT_CHUNKS.items():
        id = f"chunks-{what}"
        yield _either(id, CHUNKED + form % (len(good(id)), good(id)))
    for what, size in (("over-twice-the-limit", b"30d41"), ("over-64-bits", b"f" * 17)):
        request = CHUNKED + size + b"\r\n" + MARK
        yield Case(f"chunks-{what}", request, TOO_LONG, closes=True)
    many = CHUNKED + b"2710\r\n%b\r\n" % (b" " * 10_000) * 21
    yield refused("chunks-adding-up", many, 413, "body_too_large", closes=True)
    endless = CHUNKED + b"0" * 200
    answers = {400: "bad_request", NO_ANSWER: ""}
    yield Case("chunks-size-without-end", endless, answers, closes=True)


def _smuggled() -> Iterator[Case]:
    """Requests that two servers may end in different places: the second is never answered."""
    length, chunked = b"Content-Length: %d\r\n" % len(BODY), b"Transfer-Encoding: chunked\r\n"
    for what, head in (
        ("both-lengths", length + chunked),
        ("both-lengths-other-order", chunked + length),
        ("both-and-zero", b"Content-Length: 0\r\n" + chunked),
        ("folded-transfer", length + b"Transfer-Encoding:\r\n chunked\r\n"),
        ("space-before-colon", length + b"Transfer-Encoding : chunked\r\n"),
        ("unequal-lengths", length + b"Content-Length: 0\r\n"),
        ("hidden-by-carriage-return", length + b"X: y\rTransfer-Encoding: chunked\r\n"),
        ("hidden-by-nul", length + b"Transfer-Encoding\0: chunked\r\n"),
        ("unknown-coding", length + b"Transfer-Encoding: x\r\n"),
        ("length-in-host", b"Host: y\r\n" + length),
    ):
        yield _bad(f"smuggled-{what}", HEAD + head + b"\r\n0\r\n\r\n")
    id = "length-shorter-than-the-body"
    answered = HEAD + b"Content-Length: %d\r\n\r\n" % len(good(id)) + good(id)
    yield taken(id, answered + MARK + b"\r\n\r\n", then=400)
    id = "length-in-the-middle-of-the-body"
    yield refused(id, HEAD + b"Content-Length: 20\r\n\r\n" + BODY, 400, "invalid_json", ends=True)
    id = "two-in-a-row"
    yield taken(id, post(good(f"{id}-1")) + post(good(f"{id}-2")), then=202)
    id = "bad-json-then-good"
    yield refused(id, post(b"{") + post(good(id)), 400, "invalid_json", then=202)
    id = "closing-and-then-more"
    closing = post(b"{", headers=[b"Connection: close"]) + _hidden(id)
    yield refused(id, closing, 400, "invalid_json", closes=True)


def _sizes() -> Iterator[Case]:
    """Heads over the limit."""
    over = MAX_HEAD + 1
    for what, head in (
        ("one-line", b"GET /livez HTTP/1.1\r\nHost: x\r\nX: %b\r\n\r\n" % (MARK * over)),
        ("one-line-of-a-post", HEAD + b"X: %b\r\n\r\n" % (b"x" * over)),
        ("many-lines", b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * over + b"\r\n"),
        ("many-names", b"GET /livez HTTP/1.1\r\n" + b"".join(map(_line, range(1500))) + b"\r\n"),
        ("name", b"GET /livez HTTP/1.1\r\n%b: 1\r\n\r\n" % (b"X" * over)),
        ("path", b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * over)),
        ("query", b"GET /livez?%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a=b&" * over)),
        ("method", b"%b /livez HTTP/1.1\r\nHost: x\r\n\r\n" % (b"A" * over)),
        ("without-end", b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"x" * over),
        ("line-without-end", MARK * over),
    ):
        id = f"head-{what}"
        request = head + _hidden(id) if head.endswith(b"\r\n\r\n") else head
        yield refused(id, request, 431, "headers_too_large", closes=True)
    either = {400: "bad_request", 431: "headers_too_large"}  # no head, and too long for one
    yield Case("head-nuls", b"\0" * over, either, closes=True)
    id = "head-just-under-the-limit"
    yield taken(id, post(good(id), headers=[b"X: %b" % (b"x" * (MAX_HEAD - 500))]))


def _line(number: int) -> bytes:
    return b"X-%d: y\r\n" % number


def _ends() -> Iterator[Case]:
    """Senders that go away in the middle: nothing is stored, whatever is answered."""
    answers = {NO_ANSWER: "", 400: "bad_request"}
    whole = post(BODY)
    chunked = CHUNKED + b"%x\r\n%b\r\n" % (len(BODY), BODY)
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    for what, request in (
        ("nothing", b""),
        ("empty-lines", b"\r\n\r\n"),
        ("half-a-method", b"PO"),
        ("half-a-request-line", whole[:20]),
        ("request-line", whole[: whole.index(b"\r\n") + 2]),
        ("half-a-head", whole[:50]),
        ("head-without-its-last-line", HEAD),
        ("head", whole[: whole.index(b"\r\n\r\n") + 4]),
        ("half-a-body", whole[:-20]),
        ("body-without-its-last-byte", whole[:-1]),
        ("chunk-size", CHUNKED + b"5"),
        ("half-a-chunk", CHUNKED + b"50\r\nabc"),
        ("chunk-without-line-end", chunked[:-2]),
        ("chunks-without-the-last", chunked),
        ("last-chunk-without-line-end", chunked + b"0\r\n"),
        ("tls", hello + MARK),
        ("one-nul", b"\0"),
    ):
        yield Case(f"end-after-{what}", request, answers, ends=True, closes=True)


CASES = [*_heads(), *_lengths(), *_codings(), *_smuggled(), *_sizes(), *_ends()]
