"""Answers as bytes: an HTTP/1.1 response in one piece."""

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from ..refusal import Refusal

JSON = "application/json"
CLOSE = b"Connection: close\r\n"


def response(status: int, content_type: str, body: bytes, fields: bytes = b"") -> bytes:
    """A whole response; `fields` are further header lines, each with its end."""
    start, date = _start(status, content_type), _date(int(time.time()))
    return b"%bDate: %b\r\nContent-Length: %d\r\n%b\r\n%b" % (start, date, len(body), fields, body)


def lines(fields: Mapping[str, str]) -> bytes:
    """Header fields as lines."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("latin-1")


def refused(refusal: Refusal) -> bytes:
    """The last response on a connection."""
    return response(refusal.status, JSON, refusal.body(), lines(refusal.fields) + CLOSE)


@lru_cache(maxsize=64)
def _start(status: int, content_type: str) -> bytes:
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return f"{line}Content-Type: {content_type}\r\n".encode("latin-1")


@lru_cache(maxsize=2)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()
