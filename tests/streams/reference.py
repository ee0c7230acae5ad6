"""A second opinion on a stream: RFC 9112 as strictly as it can be read, written for clarity only.

Knows nothing of the service but its limits, and its way with what stays open (`LAST_METHODS`).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
TARGET = re.compile(rb"[\x21-\x7e\x80-\xff]+")
HOST = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+;=\[\]:]|%[0-9A-Fa-f]{2})*")
KNOWN = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT", "OPTIONS")

MAX_HEAD, MAX_BODY = 4096, 2000
"""The limits of the services under test."""
MOST_FIELDS = 64
MOST_CHUNKS = 200
"""Above these the reference has no opinion."""

REFUSED, OPEN = "refused", "open"


class Request(NamedTuple):
    """What is well-formed, to the end of its body."""

    method: str
    target: str
    version: str
    fields: tuple[tuple[str, str], ...]
    body: bytes


class Reading(NamedTuple):
    """All requests of a stream until its end, or until the first that is none."""

    requests: list[Request]
    end: str
    """"ended": nothing is left; "last": what is left is behind the last request; "cut": a request
    has no end; REFUSED; or OPEN, where both to refuse it and to take it is right."""
    why: str
    """A word for the reason of a refusal, or of an open end."""


class _Stop(Exception):
    """How a stream ends, and why."""


def read(data: bytes) -> Reading:
    """What a stream comes to."""
    requests: list[Request] = []
    try:
        for request in _requests(data):
            requests.append(request)
    except _Stop as stop:
        end, why = stop.args
        return Reading(requests, end, why)
    return Reading(requests, "ended", "")


def _requests(data: bytes) -> Iterator[Request]:
    start = 0
    while start < len(data):
        method, target, version, fields, start = _head(data, start)
        body, start = _body(data, start, version, fields)
        _check_expected(version, fields)
        if len(body) > MAX_BODY:
            raise _Stop(OPEN, "a large body")
        yield Request(method, target, version, tuple(fields), body)
        _go_on(method, version, fields)


def _head(data: bytes, start: int) -> tuple[str, str, str, list[tuple[str, str]], int]:
    if data[start] in b"\r\n":
        raise _Stop(OPEN, "an empty line before a request")
    end = data.find(b"\r\n\r\n", start)
    lines = data[start : end if end >= 0 else len(data)].split(b"\r\n")
    if end < 0:
        if data[start:].endswith(b"\r"):
            lines[-1] = lines[-1][:-1]
        for line in lines:
            _check_line(line)
        raise _Stop("cut", "a head")
    for line in lines:
        _check_line(line)
    if end + 4 - start > MAX_HEAD:
        raise _Stop(REFUSED, "a long head")
    method, target, version = _first(lines[0])
    fields = [_field(line) for line in lines[1:]]
    if len(fields) > MOST_FIELDS:
        raise _Stop(OPEN, "many fields")
    _check_host(version, fields)
    return method, target, version, fields, end + 4


def _check_line(line: bytes) -> None:
    if b"\n" in line:
        raise _Stop(REFUSED, "a bare LF")
    if b"\r" in line:
        raise _Stop(REFUSED, "a bare CR")


def _first(line: bytes) -> tuple[str, str, str]:
    parts = line.split(b" ")
    if len(parts) != 3:
        raise _Stop(REFUSED, "a request line not of three parts")
    method, target, version = parts
    if not TOKEN.fullmatch(method) or not TARGET.fullmatch(target):
        raise _Stop(REFUSED, "a bad method or target")
    if version not in (b"HTTP/1.0", b"HTTP/1.1"):
        is_later = re.fullmatch(rb"HTTP/1\.[2-9]", version)
        raise _Stop(REFUSED, "a later version" if is_later else "a bad version")
    return method.decode(), target.decode("latin-1"), version.decode()


def _field(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if line[:1] in (b" ", b"\t"):
        raise _Stop(REFUSED, "a folded line")
    if not colon or not TOKEN.fullmatch(name):
        raise _Stop(REFUSED, "a bad field name")
    if not VALUE.fullmatch(value):
        raise _Stop(REFUSED, "a control character in a value")
    words = name.decode().split("-")
    return "-".join(word.capitalize() for word in words), value.strip(b" \t").decode("latin-1")


def _check_host(version: str, fields: list[tuple[str, str]]) -> None:
    hosts = _all(fields, "Host")
    if len(hosts) > 1:
        raise _Stop(REFUSED, "two hosts")
    if version == "HTTP/1.1" and not hosts:
        raise _Stop(REFUSED, "no host")
    if hosts and not HOST.fullmatch(hosts[0].encode("latin-1")):
        raise _Stop(REFUSED, "a bad host")


def _body(
    data: bytes, start: int, version: str, fields: list[tuple[str, str]]
) -> tuple[bytes, int]:
    codings, lengths = _all(fields, "Transfer-Encoding"), _all(fields, "Content-Length")
    if codings and lengths:
        raise _Stop(REFUSED, "both lengths")
    if codings:
        if version == "HTTP/1.0":
            raise _Stop(REFUSED, "chunks in HTTP/1.0")
        if [coding.lower() for coding in codings] != ["chunked"]:
            raise _Stop(REFUSED, "a bad transfer coding")
        return _chunks(data, start)
    if not lengths:
        return b"", start
    if len(lengths) > 1:
        raise _Stop(REFUSED, "two lengths" if len(set(lengths)) == 1 else "unequal lengths")
    (length,) = lengths
    if re.fullmatch(r"([0-9]+)([ \t]*,[ \t]*\1)+", length):
        raise _Stop(REFUSED, "a list of equal lengths")
    if not re.fullmatch("[0-9]+", length):
        raise _Stop(REFUSED, "a bad length")
    if len(length) > 19:
        raise _Stop(OPEN, "a long length")
    end = start + int(length)
    if int(length) > MAX_BODY:
        raise _Stop(OPEN, "a large body")
    if end > len(data):
        raise _Stop("cut", "a body")
    return data[start:end], end


def _chunks(data: bytes, start: int) -> tuple[bytes, int]:
    body = b""
    for _ in range(MOST_CHUNKS):
        size, start = _size(data, start)
        if len(body) + size > MAX_BODY:
            raise _Stop(OPEN, "a large body")
        part, start = data[start : start + size], start + size
        if len(data) < start + 2:
            if not b"\r\n".startswith(data[start:]):
                raise _Stop(REFUSED, "a chunk without an end" if size else "a trailer")
            raise _Stop("cut", "a chunk")
        if data[start : start + 2] != b"\r\n":
            raise _Stop(REFUSED, "a chunk without an end" if size else "a trailer")
        body, start = body + part, start + 2
        if not size:
            return body, start
    raise _Stop(OPEN, "many chunks")


def _size(data: bytes, start: int) -> tuple[int, int]:
    end = data.find(b"\r\n", start)
    line = data[start : end if end >= 0 else len(data)]
    if end < 0 and line.endswith(b"\r"):
        line = line[:-1]
    if re.fullmatch(rb"[0-9A-Fa-f]*", line) and end < 0 and len(line) < 16:
        raise _Stop("cut", "the size of a chunk")
    if re.match(rb"[0-9A-Fa-f]+[ \t]*;", line):
        raise _Stop(REFUSED, "an extension of a chunk")
    if b"\n" in line:
        raise _Stop(REFUSED, "a bare LF in a chunk")
    if not re.fullmatch(rb"[0-9A-Fa-f]+", line):
        raise _Stop(REFUSED, "a bad size of a chunk")
    if len(line) > 8:
        raise _Stop(OPEN, "a long size of a chunk")
    return int(line, 16), end + 2


def _check_expected(version: str, fields: list[tuple[str, str]]) -> None:
    expected = [value.lower() for value in _all(fields, "Expect")]
    if expected not in ([], ["100-continue"]):
        raise _Stop(OPEN, "an unknown expectation")


def _go_on(method: str, version: str, fields: list[tuple[str, str]]) -> None:
    """Raises where the connection ends with this request."""
    said = _all(fields, "Connection")
    tokens = [token.strip(" \t").lower() for line in said for token in line.split(",")]
    if method not in KNOWN:
        raise _Stop("last", "an unknown method")
    if version == "HTTP/1.0":
        if "keep-alive" not in tokens or "close" in tokens:
            raise _Stop("last", "HTTP/1.0")
        if tokens != ["keep-alive"]:
            raise _Stop(OPEN, "HTTP/1.0 kept among others")
        if method not in ("GET", "HEAD") and not _all(fields, "Content-Length"):
            raise _Stop(OPEN, "HTTP/1.0 kept without a length")
    elif tokens == ["close"]:
        raise _Stop("last", "a close")
    elif "close" in tokens:
        raise _Stop(OPEN, "a close among others")


def _all(fields: list[tuple[str, str]], name: str) -> list[str]:
    return [value for one, value in fields if one == name]
