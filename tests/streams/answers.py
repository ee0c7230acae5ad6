"""The answers of a connection, read to the letter."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_HEAD = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) [ -~]*\r\n((?:[A-Za-z-]+: [ -~]*\r\n)*)\r\n")
_DATE = re.compile(rb"\r\nDate: [^\r]*")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
OWN_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


class Answer(NamedTuple):
    """One final answer."""

    status: int
    closes: bool
    body: bytes


def read_answers(data: bytes, heads: Sequence[bool]) -> Iterator[Answer]:
    """All of them. `heads`: of each request, whether it was a HEAD. Raises ValueError.

    An interim answer is passed over.
    """
    start, number = 0, 0
    while start < len(data):
        status, fields, start = _read_head(data, start)
        if status < 200:
            continue
        length = fields["content-length"]
        if not re.fullmatch("[0-9]+", length):
            raise ValueError(f"a Content-Length of {length}")
        is_head = number < len(heads) and heads[number]
        end = start if is_head else start + int(length)
        body, number = data[start:end], number + 1
        if end > len(data):
            raise ValueError("an answer that is cut off")
        if not is_head:
            _check_body(fields, body)
        yield Answer(status, fields.get("connection", "").lower() == "close", body)
        start = end


def comparable(data: bytes) -> bytes:
    """Answers without what differs from one time to the next, or with what has come by then."""
    return OWN_ID.sub(b"ID", _DATE.sub(b"", data)).replace(_CONTINUE, b"")


def _read_head(data: bytes, start: int) -> tuple[int, dict[str, str], int]:
    head = _HEAD.match(data, start)
    if head is None:
        raise ValueError(f"no head of an answer: {data[start : start + 200]!r}")
    lines = head[2].decode().splitlines()
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if len(fields) < len(lines):
        raise ValueError("a field twice in an answer")
    return int(head[1]), fields, head.end()


def _check_body(fields: dict[str, str], body: bytes) -> None:
    if fields.get("content-type") != "application/json":
        raise ValueError(f"an answer of {fields.get('content-type')}")
    json.loads(body)
