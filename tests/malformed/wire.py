"""A request over a plain socket, and what comes back."""

import contextlib
import socket
import time
from http.client import parse_headers
from io import BufferedReader
from typing import NamedTuple

from .case import NO_ANSWER, Case

PATIENCE = 5.0
"""Seconds without a byte after which a test fails."""


class Answer(NamedTuple):
    """One answer; its status is NO_ANSWER where the connection was closed without one."""

    status: int
    headers: dict[str, str]
    body: bytes


class Exchange(NamedTuple):
    """All that came back on one connection."""

    answer: Answer
    then: Answer | None
    rest: bytes
    seconds: float


def exchange(address: tuple[str, int], case: Case) -> Exchange:
    """Send a case on a connection of its own. Raises TimeoutError when nothing comes."""
    with (
        socket.create_connection(address, PATIENCE) as connection,
        connection.makefile("rb") as stream,
    ):
        began = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough
            connection.sendall(case.request)
            if case.ends:
                connection.shutdown(socket.SHUT_WR)
        answer = _read(stream, case.request.startswith(b"HEAD "))
        seconds = time.monotonic() - began
        then = _read(stream, False) if case.then else None
        ended = case.closes and (answer.status == NO_ANSWER or answer.status >= 400)
        return Exchange(answer, then, _rest(stream) if ended else b"", seconds)


def _read(stream: BufferedReader, is_head: bool) -> Answer:
    try:
        status = 100
        while 100 <= status < 200:
            line = stream.readline()
            if not line:
                return Answer(NO_ANSWER, {}, b"")
            status = int(line.split()[1])
            found = parse_headers(stream)
        headers = {name.lower(): value for name, value in found.items()}
        length = int(headers.get("content-length", -1))
        return Answer(status, headers, b"" if is_head else stream.read(length))
    except ConnectionResetError:
        return Answer(NO_ANSWER, {}, b"")


def _rest(stream: BufferedReader) -> bytes:
    """All that comes until the connection is closed, or reset."""
    rest = b""
    with contextlib.suppress(ConnectionResetError):
        while part := stream.read1():
            rest += part
    return rest
