"""The head of a request: bytes in, a Head out, where they can be read in one way only.

RFC 9112, less what it lets a server refuse: folding, whitespace before a colon, a bare CR or LF, a
length said twice, any coding but `chunked`.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from ..refusal import Refusal
from ..wire.refusals import malformed

MAX_FIELDS = 100
MAX_TARGET_BYTES = 8192
MAX_REMEMBERED_BYTES = 1024
MAX_ARGUMENTS = 1000
"""Of a query, as in Tornado's requests."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_HEAD = re.compile(
    rb"(%b) ([!-~\x80-\xff]++) HTTP/1\.([01])\r\n((?:%b:[\t -~\x80-\xff]*+\r\n)*+)\r\n"
    % (_TOKEN, _TOKEN)
)
_HOPELESS = re.compile(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]|(?<!\r)\n")
_HOST = re.compile(r"(?:[\[\]:A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})*+")
_CLOSE = re.compile(r"(?:^|,)[ \t]*close[ \t]*(?:,|$)", re.IGNORECASE)
_LENGTH_FIELD = re.compile(rb"\r\ncontent-length: ?([0-9]{1,19})\r\n", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,1000}")
_ONCE = frozenset(("host", "content-length", "transfer-encoding", "expect"))


class Head(NamedTuple):
    """What the head of one request says."""

    method: str
    target: str
    is_old: bool
    """Whether it is HTTP/1.0."""
    fields: dict[str, str]
    """Values by name in lower case; one that came several times has a comma between."""
    length: int
    """Bytes of the body; of one in chunks -1."""
    keeps: bool
    """Whether another request may follow on the connection."""
    expects: bool
    """Whether the body comes only when it is asked for (`Expect: 100-continue`)."""


def read(data: bytes) -> Head:
    """The head in `data`, its empty line included. Raises `Refusal`.

    The heads of a sender differ in the length of the body, if at all. So what one comes to is
    remembered without the digits of its length: that takes 6 % off a small request.
    """
    found = _LENGTH_FIELD.search(data)
    if found is None or len(data) > MAX_REMEMBERED_BYTES:
        return _parse(data)
    first, last = found.span(1)
    known, length = _remembered(data[:first], data[last:]), found[1].decode()
    fields = {**known.fields, "content-length": length}
    return Head(*known[:3], fields, int(length), *known[5:])


@lru_cache(maxsize=256)
def _remembered(before: bytes, behind: bytes) -> Head:
    """The head with a length of 0 between the two: as good as with any other. Raises `Refusal`."""
    return _parse(b"%b0%b" % (before, behind))


def _parse(data: bytes) -> Head:
    found = _HEAD.fullmatch(data)
    if found is None:
        raise malformed()
    method, target, minor, lines = found.groups()
    if len(target) > MAX_TARGET_BYTES:
        raise Refusal("headers_too_large", 414, f"the target has over {MAX_TARGET_BYTES} bytes")
    fields, is_old = _fields(lines.decode("latin-1")), minor == b"0"
    _check(target, fields, is_old)
    return Head(
        method.decode(),
        target.decode("latin-1"),
        is_old,
        fields,
        _length(fields, is_old),
        _keeps(method, fields, is_old),
        _expects(fields, is_old),
    )


def is_hopeless(data: bytearray, start: int) -> bool:
    """Whether what comes from `start` on cannot become a head, whatever follows."""
    return _HOPELESS.search(data, start) is not None


def _fields(lines: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    found = lines.split("\r\n")
    if len(found) > MAX_FIELDS + 1:
        raise Refusal("headers_too_large", 431, f"the head has over {MAX_FIELDS} fields")
    for line in found[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if name in fields:
            if name in _ONCE:
                raise malformed(f"{name} twice")
            value = f"{fields[name]},{value}"
        fields[name] = value
    return fields


def _check(target: bytes, fields: dict[str, str], is_old: bool) -> None:
    host = fields.get("host", "" if is_old else None)
    if host is None or not _HOST.fullmatch(host):
        raise malformed("no valid host")
    if b"?" in target and target.count(b"&") >= MAX_ARGUMENTS:
        raise malformed("too many arguments")


def _length(fields: dict[str, str], is_old: bool) -> int:
    """Bytes of the body, -1 for one in chunks."""
    length = fields.get("content-length")
    if (coding := fields.get("transfer-encoding")) is not None:
        if is_old or length is not None or coding.lower() != "chunked":
            raise malformed("its length is not clear")
        return -1
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise malformed("its length is no number")
    return int(length)


def _keeps(method: bytes, fields: dict[str, str], is_old: bool) -> bool:
    """Of HTTP/1.0 only where nobody could think that the body ends with the connection."""
    said = fields.get("connection")
    if is_old:
        is_clear = "content-length" in fields or method in (b"GET", b"HEAD")
        return is_clear and said is not None and said.lower() == "keep-alive"
    return said is None or not _CLOSE.search(said)


def _expects(fields: dict[str, str], is_old: bool) -> bool:
    said = fields.get("expect")
    if said is None or is_old:
        return False
    if said.lower() != "100-continue":
        raise Refusal("bad_request", 417, "nothing but 100-continue can be expected")
    return True
