"""Requests read as RFC 9112 writes them: what two servers could read differently is an error."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(rb"[A-Z]+ /[!-~]* HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)")
_CHUNK = re.compile(rb"([0-9A-Fa-f]+)\r\n")


class Request(NamedTuple):
    """What one connection brought."""

    line: bytes
    fields: dict[bytes, bytes]
    body: bytes


def requests(came: bytes) -> Iterator[Request]:
    """All whole requests of a connection. Asserts on anything ambiguous."""
    start = 0
    while (end := came.find(b"\r\n\r\n", start)) >= 0:
        line, *lines = came[start:end].split(b"\r\n")
        assert _LINE.fullmatch(line), line
        found = [_FIELD.fullmatch(one) for one in lines]
        assert all(found), lines
        pairs = [(one[1].lower(), one[2].strip()) for one in found if one]
        assert sum(name in (b"content-length", b"transfer-encoding") for name, _ in pairs) <= 1
        body, start = _body(dict(pairs), came, end + 4)
        if start > len(came):  # cut off
            return
        yield Request(line, dict(pairs), body)
    assert b"\n" not in came[start:], came[start:]


def _body(fields: dict[bytes, bytes], came: bytes, start: int) -> tuple[bytes, int]:
    """The body that begins at `start`, and where it ends: beyond `came` when it is cut off."""
    if b"transfer-encoding" in fields:
        assert fields[b"transfer-encoding"] == b"chunked"
        return _chunks(came, start)
    length = fields.get(b"content-length", b"0")
    assert length.isdigit(), length
    return came[start : start + int(length)], start + int(length)


def _chunks(came: bytes, start: int) -> tuple[bytes, int]:
    parts = []
    while start < len(came):
        size = _CHUNK.match(came, start)
        assert size, came[start : start + 40]
        end = size.end() + int(size[1], 16)
        parts.append(came[size.end() : end])
        start = end + 2
        assert b"\r\n".startswith(came[end:start]), came[end:start]
        if not parts[-1]:
            return b"".join(parts), start
    return b"".join(parts), len(came) + 1  # the last chunk did not come
