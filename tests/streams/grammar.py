"""Well-formed requests, in pieces that a mutation can take apart: lines, sizes, parts of bodies."""

import json
from collections.abc import Sequence
from random import Random

MARKER = "mArKeR-5d41"
"""In every body, and in many fields and targets; nowhere in an answer or a log line."""

Pieces = list[bytes]

METHODS = (
    *("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS") * 4,
    "TRACE",
    "post",
    "!#$%&'*+.^_`|~",
)
TARGETS = (
    "/v1/traces?a=1&b=%20&x=?/",
    "/v1/errors",
    "/v1/litellm",
    "/livez",
    "/readyz",
    "/nothing",
    f"/{MARKER}",
    "/",
    "*",
    "/livez?" + MARKER,
    "http://x/livez",
    "https://x:1/v1/traces?y",
    "/caf\xe9",
    "/a;b=c:@!$&'()*+,%zz",
    "//v1/traces",
)
HOSTS = (
    "x",
    "localhost:4318",
    "[::1]:4318",
    "127.0.0.1",
    "a.b-c.example",
    "X",
    "a%41b:80",
    "",
    "a_b~!$&'()*+;=",
)
FIELDS = (
    f"X-Note: {MARKER}",
    "Accept: */*",
    "accept: application/json;q=0.1, text/plain",
    "User-Agent: Mozilla/5.0 (X11; Linux) \xe9\xff",
    "X-Empty:",
    "X-Empty: ",
    "X-Spaces:  \t a \t b\t ",
    "X-No-Space:a",
    "X-Colons: a:b: c",
    "x-TWICE: 1",
    "X-Twice: 2",
    "X_Content_Length: 5",
    "!#$%&'*+-.^_`|~09: token",
    'Cookie: a="b, c"; d=e',
    "Content-Encoding: identity",
    "Trailer: X-Note",
    "TE: trailers",
    "Keep-Alive: timeout=5",
    "Transfer: chunked",
    "Max-Forwards: 0",
    "X-Long: " + "y" * 700,
)
CONNECTIONS = ("close", "keep-alive", "Close", "Keep-Alive", "keep-alive, TE", "x", "close, TE", "")
UPGRADES = (
    ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
    ("Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZQ=="),
    ("Upgrade: TLS/1.0",),
)
TYPES = ("application/json",) * 6 + (
    "Application/JSON; charset=utf-8",
    "text/plain",
    "application/x",
)


def event(id: str) -> bytes:
    """A body that is taken; its ids tell on whom took it."""
    members = {"event_id": id, "trace_id": "t", "provider": "p", "model": "m", "input_text": MARKER}
    return json.dumps(members).encode()


def plain(id: str, *more: str) -> bytes:
    """The request of a smuggler, which must not be found inside another one's body."""
    body = event(id)
    lines = ("POST /v1/traces HTTP/1.1", "Host: x", "Content-Type: application/json", *more)
    return "\r\n".join((*lines, f"Content-Length: {len(body)}", "", "")).encode() + body


def request(random: Random, id: str) -> Pieces:
    """One request, as some sender might write it."""
    method, target, body = _asked(random, id)
    version = "HTTP/1.0" if random.random() < 0.07 else "HTTP/1.1"
    framing, framed = _framed(random, body, version)
    lines = [f"Host: {random.choice(HOSTS)}", *_fields(random, version), *framing]
    random.shuffle(lines)
    cased = [_cased(random, line) for line in lines]
    first = f"{method} {target} {version}"
    return [*(f"{line}\r\n".encode("latin-1") for line in (first, *cased, "")), *framed]


def stream(random: Random, id: str) -> list[Pieces]:
    """One to four requests of a connection."""
    return [request(random, f"{id}-{n}") for n in range(random.choice((1, 1, 2, 2, 3, 4)))]


def _asked(random: Random, id: str) -> tuple[str, str, bytes]:
    """Method, target and body."""
    if random.random() < 0.55:
        return "POST", "/v1/traces", _body(random, id)
    method = "POST" if random.random() < 0.3 else random.choice(METHODS)
    target = random.choice(TARGETS)
    has_body = method == "POST" or random.random() < 0.3
    return method, target, _body(random, id) if has_body else b""


def _body(random: Random, id: str) -> bytes:
    chance = random.random()
    if chance < 0.65:
        return event(id)
    if chance < 0.85:
        return plain(f"{id}-hidden")
    if chance < 0.93:
        return b"0\r\n\r\n" + plain(f"{id}-hidden")
    return random.choice((b"", b"{", b"\r\n", b"[]", b"\0\xff", b"x" * 1999, b"x" * 2100))


def _fields(random: Random, version: str) -> list[str]:
    lines = [f"Content-Type: {random.choice(TYPES)}"] if random.random() < 0.9 else []
    lines += random.sample(FIELDS, random.choice((0, 0, 1, 2, 4)))
    chance = random.random()
    if version == "HTTP/1.0" and chance < 0.7:
        lines.append("Connection: keep-alive")
    elif chance < 0.15:
        lines.append(f"Connection: {random.choice(CONNECTIONS)}")
    elif chance < 0.26:
        lines += random.choice(UPGRADES)
    if random.random() < 0.08:
        lines.append(f"Expect: {random.choice(('100-continue', '100-Continue', MARKER))}")
    return lines


def _framed(random: Random, body: bytes, version: str) -> tuple[list[str], Pieces]:
    """The fields that say where the body ends, and the body in pieces."""
    if version == "HTTP/1.1" and random.random() < 0.35:
        coding = random.choice(("chunked",) * 6 + ("Chunked", "CHUNKED", " chunked\t"))
        return [f"Transfer-Encoding: {coding}"], chunks(random, body)
    if not body and random.random() < 0.7:
        return [], []
    zeros = "00" if random.random() < 0.03 else ""
    return [f"Content-Length: {zeros}{len(body)}"], [body]


def chunks(random: Random, body: bytes) -> Pieces:
    """A body in chunks."""
    most = random.choice((1, 20, 300, 5000)) if len(body) < 400 else 5000
    pieces, start = [], 0
    while start < len(body):
        part = body[start : start + random.randint(1, most)]
        start += len(part)
        pieces += [_size(random, len(part)), part, b"\r\n"]
    return [*pieces, b"0\r\n", b"\r\n"]


def _size(random: Random, size: int) -> bytes:
    form = random.choice(("%x", "%x", "%x", "%X", "0%x", "00000%x"))
    return (form % size).encode() + b"\r\n"


def _cased(random: Random, line: str) -> str:
    name, colon, value = line.partition(":")
    change: Sequence[str] = (name, name, name, name.lower(), name.upper(), name.swapcase())
    return random.choice(change) + colon + value
