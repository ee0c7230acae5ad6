"""Requests byte by byte, and their answers, without an HTTP client between."""

import asyncio
import contextlib
import http.client
import io
import json
import socket
import struct
import threading
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """One response."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self):
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.body)

    @property
    def reason(self):
        return self.json["error"]["reason"]


def head(*headers, path="/v1/traces", media_type="application/json"):
    """The head of a POST, with more header lines."""
    lines = (f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {media_type}", *headers)
    return "\r\n".join((*lines, "", "")).encode()


def announced(body, *headers, path="/v1/traces"):
    """A POST with a Content-Length."""
    return head(f"Content-Length: {len(body)}", *headers, path=path) + body


def chunked(body, *headers, size=2**16, path="/v1/traces"):
    """A POST in chunks of `size`."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return head("Transfer-Encoding: chunked", *headers, path=path) + b"".join(map(chunk, parts))


def chunk(part=b""):
    """One chunk; the last one without an argument."""
    return b"%x\r\n%b\r\n" % (len(part), part)


def where(url):
    """Host and port of a URL."""
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


@contextlib.asynccontextmanager
async def connected(url):
    """A connection's reader and writer."""
    reader, writer = await asyncio.open_connection(*where(url))
    try:
        yield reader, writer
    finally:
        writer.close()


async def read_answer(reader):
    """The next answer."""
    start, _, fields = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
    headers = http.client.parse_headers(io.BytesIO(fields))
    return Answer(int(start.split()[1]), headers, await reader.readexactly(_length(headers)))


def read_answers(stream):
    """All answers of a binary file-like, until its end."""
    while start := stream.readline():
        headers = http.client.parse_headers(stream)
        yield Answer(int(start.split()[1]), headers, stream.read(_length(headers)))


def _length(headers):
    return int(headers["Content-Length"])


def connect(url, seconds=15.0):
    """A blocking socket."""
    connection = socket.create_connection(where(url), timeout=seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def reset(connection):
    """Close it so that the other side is told that it broke."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def ask(connection, request):
    """One answer on a connection that stays open."""
    connection.sendall(request)
    with connection.makefile("rb") as stream:
        return next(read_answers(stream))


def exchange(url, *parts):
    """Send it all, while all answers are read until the service closes."""
    answers: list[Answer] = []

    def read():
        with connection.makefile("rb") as stream, contextlib.suppress(ConnectionError):
            answers.extend(read_answers(stream))

    with connect(url) as connection:
        reader = threading.Thread(target=read)
        reader.start()
        with contextlib.suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
        reader.join()
    return answers
