"""One malformed request and what must be answered, and builders of both."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

MARKER = "mArKeR-5d41"
"""In much of what is sent; nowhere in a refusal or a log line."""

JSON, NDJSON = "application/json", "application/x-ndjson"
TRACES, ERRORS, LITELLM = "/v1/traces", "/v1/errors", "/v1/litellm"

NO_ANSWER = 0
"""For a status: the connection was closed without one."""

LIMITS: dict[str, tuple[str, ...]] = {
    "small": ("--max-body-bytes=100000", "--max-request-events=20", "--max-header-bytes=8192"),
    "default": (),
}
MAX_BODY, MAX_EVENTS, MAX_HEAD = 100_000, 20, 8192
"""The small limits."""


class Case(NamedTuple):
    """A request as bytes on the wire, and its answer."""

    id: str
    request: bytes
    answers: Mapping[int, str]
    """Each status that is right, with the reason's fixed word; "" where nothing is refused."""
    path: str | None = None
    """JSON Pointer of what is wrong in a rejected item; None where the request is refused."""
    fates: str = ""
    """What becomes of each item, in order: `a`ccepted or `r`ejected."""
    headers: Mapping[str, str] = {}
    """What the answer's head must hold, in lower case."""
    ends: bool = False
    """The sender closes its side after the request."""
    closes: bool = False
    """The service closes the connection after a refusal, and answers nothing more on it."""
    then: int = 0
    """Status of the second answer on the connection, to what follows the request."""
    limits: str = "small"


def refused(id: str, request: bytes, status: int, reason: str, **more) -> Case:
    """The request as a whole."""
    return Case(id, request, {status: reason}, **more)


def rejected(
    id: str, request: bytes, path: str, reason: str = "schema_invalid", fates: str = "r", **more
) -> Case:
    """Its item, or those of its items whose fate it is."""
    return Case(id, request, {202 if "a" in fates else 400: reason}, path, fates, **more)


def taken(id: str, request: bytes, fates: str = "a", **more) -> Case:
    """Odd, and right."""
    return Case(id, request, {202: ""}, None, fates, **more)


def post(
    body: bytes,
    route: str = TRACES,
    content_type: str | None = JSON,
    headers: Iterable[bytes] = (),
) -> bytes:
    """A well-formed POST of whatever body."""
    types = [f"Content-Type: {content_type}".encode()] if content_type is not None else []
    return ask("POST", route, [*types, b"Content-Length: %d" % len(body), *headers], body)


def ask(method: str, route: str, headers: Iterable[bytes] = (), body: bytes = b"") -> bytes:
    """Any request; `headers` are whole lines."""
    lines = [f"{method} {route} HTTP/1.1".encode("latin-1"), b"Host: x", *headers, b"", body]
    return b"\r\n".join(lines)


def raw(members: Mapping[str, str]) -> bytes:
    """A JSON object of members whose values are JSON already."""
    return ("{" + ", ".join(f'"{name}": {value}' for name, value in members.items()) + "}").encode()


_BASES = {
    "trace": {"provider": '"p"', "model": '"m"', "agent": f'"{MARKER}"'},
    "error": {"error_type": '"e"', "message": '"m"', "agent": f'"{MARKER}"'},
}
ROUTES = {"trace": TRACES, "error": ERRORS}


def event(kind: str, **members: str | None) -> bytes:
    """A native event with members set to the JSON given; None leaves one out."""
    merged = {**_BASES[kind], **members}
    return raw({name: value for name, value in merged.items() if value is not None})


def good(event_id: str, kind: str = "trace") -> bytes:
    """A valid event."""
    return event(kind, event_id=f'"{event_id}"')


def between(id: str, bad: bytes, kind: str = "trace") -> bytes:
    """An array with `bad` between two good events."""
    return b"[%b, %b, %b]" % (good(f"{id}-1", kind), bad, good(f"{id}-2", kind))


def alone(id: str, kind: str, member: str, value: str | None) -> Case:
    """An event with one bad member, as a request of its own."""
    return rejected(id, post(event(kind, **{member: value}), ROUTES[kind]), f"/{member}")


def amid(
    id: str,
    kind: str,
    member: str,
    value: str,
    reason: str = "schema_invalid",
    path: str | None = None,
) -> Case:
    """An event with one bad member, that costs its neighbours nothing."""
    body = between(id, event(kind, **{member: value}), kind)
    return rejected(id, post(body, ROUTES[kind]), path or f"/{member}", reason, "ara")


def nested(depth: int, text: str = "1") -> str:
    """Objects `depth` deep."""
    return '{"a":' * depth + text + "}" * depth
