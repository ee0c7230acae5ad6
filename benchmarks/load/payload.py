"""One request as bytes, to be sent many times, each time with ids of its own."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

MARKER = b"0b0b0b0b"
"""Stands where an id's last 8 characters are to be; each one becomes another number."""


class Payload(NamedTuple):
    """A whole request, head and body, and how many events are in it."""

    data: bytes
    events: int = 1


def post(body: Any, path: str = "/v1/traces", headers: str = "") -> Payload:
    """A POST of `body` in JSON; a list is that many events. `headers` end with CRLF each."""
    events = len(body) if isinstance(body, list) else 1
    data = json.dumps(body, ensure_ascii=False).encode()
    return raw(data, "application/json", path, events, headers)


def raw(
    data: bytes, media_type: str, path: str = "/v1/traces", events: int = 1, headers: str = ""
) -> Payload:
    """A POST of `data` as it is."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media_type}\r\n{headers}"
    return Payload(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data, events)


def get(path: str, headers: str = "") -> Payload:
    """A GET."""
    return Payload(f"GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode(), 0)


def fresh(data: bytes, start: int) -> Iterator[bytes]:
    """`data` again and again, with a new number for each marker. Never ends."""
    parts = data.split(MARKER)
    while len(parts) > 1:
        numbered = (b"%08x%b" % (start + at, part) for at, part in enumerate(parts[1:]))
        yield b"".join([parts[0], *numbered])
        start += len(parts) - 1
    while True:
        yield data
