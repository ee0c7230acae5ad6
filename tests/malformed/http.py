"""Well-formed HTTP that asks for what there is not: types, methods, paths."""

from collections.abc import Iterator

from .case import (
    ERRORS,
    LITELLM,
    MARKER,
    MAX_BODY,
    NDJSON,
    TRACES,
    Case,
    ask,
    event,
    good,
    post,
    refused,
    rejected,
    taken,
)

TAKING = (TRACES, ERRORS, LITELLM)
SHOWING = ("/metrics", "/livez", "/readyz", "/health")
NO_TYPES = {
    "none": None,
    "empty": "",
    "blank": "  ",
    "plain": "text/plain",
    "text-json": "text/json",
    "json-alone": "json",
    "no-type": "/json",
    "no-subtype": "application/",
    "no-slash": "application json",
    "json-and-more": "application/jsonx",
    "json-seq": "application/json-seq",
    "problem": "application/problem+json",
    "jsonl": "application/jsonl",
    "ndjson-without-x": "application/ndjson",
    "form": "application/x-www-form-urlencoded",
    "multipart": f"multipart/form-data; boundary={MARKER}",
    "multipart-without-boundary": "multipart/form-data",
    "octets": "application/octet-stream",
    "xml": "application/xml; charset=utf-8",
    "any": "*/*",
    "in-quotes": '"application/json"',
    "parameter-only": "; charset=utf-8",
    "two": "application/json, text/plain",
    "both-of-ours": "application/json, application/x-ndjson",
    "json-in-a-parameter": "text/plain; x=application/json",
    "marker": f"application/{MARKER}",
    "long": "application/json" + "x" * 4000,
    "many": ", ".join(f"application/{n}" for n in range(300)),
}
OTHER_METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
UNKNOWN_METHODS = ("TRACE", "PROPFIND", "post", "Post", "POSTT", "M-SEARCH", "_", "__class__", "!")
NO_PATHS = {
    "root": "/",
    "version": "/v1",
    "version-slash": "/v1/",
    "slash-after": "/v1/traces/",
    "slash-before": "//v1/traces",
    "slash-inside": "/v1//traces",
    "capitals": "/V1/TRACES",
    "one-letter-less": "/v1/trace",
    "more": "/v1/traces/1",
    "other-version": "/v2/traces",
    "dots": "/v1/../v1/traces",
    "passwd": "/../../../../etc/passwd",
    "encoded-passwd": "/%2e%2e/%2e%2e/etc/passwd",
    "encoded-slash": "/v1%2Ftraces",
    "encoded-nul": "/v1/traces%00",
    "encoded-newline": "/v1/traces%0d%0aX:%20y",
    "bad-escape": "/v1/traces%zz",
    "matrix": "/v1/traces;x=1",
    "backslash": "/v1\\traces",
    "sql": "/v1/traces'--",
    "script": f"/<script>{MARKER}</script>",
    "latin-1": "/caf\xe9",
    "utf-8": "/v1/traces\xe2\x80\xae",
    "marker": f"/{MARKER}",
    "long": "/" + "a" * 7000,
}
ODD_LINES = {
    "accept-version": b"Accept: application/openmetrics-text; version=%b",
    "accept-quality": b"Accept: text/plain;q=nan, */*;q=%b",
    "accept-empty-parts": b"Accept: ,;,;;=,",
    "accept-many": b"Accept: " + b"a/b;q=0.1," * 700,
    "cookie": b"Cookie: =;;=%b; a=\x22",
    "authorization": b"Authorization: Bearer %b",
    "forwarded": b"X-Forwarded-For: ::ffff:%b, 999.1.1.1",
    "if-none-match": b"If-None-Match: W/%b",
    "if-modified-since": b"If-Modified-Since: %b",
    "range": b"Range: bytes=9-1,%b",
    "upgrade": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: %b",
}


def _types() -> Iterator[Case]:
    for number, (what, content_type) in enumerate(NO_TYPES.items()):
        route = TAKING[number % 3]
        request = post(event("trace"), route, content_type)
        yield refused(f"type-{what}", request, 415, "unsupported_media_type")
    doubled = post(event("trace"), TRACES, "text/plain", [b"Content-Type: application/json"])
    yield refused("type-on-two-lines", doubled, 415, "unsupported_media_type")
    empty = post(b"", TRACES, "text/plain")
    yield refused("type-of-nothing", empty, 415, "unsupported_media_type")
    one = good("type-one-event-as-lines")
    yield taken("type-one-event-as-lines", post(one, TRACES, NDJSON))
    array = post(b"[%b]" % event("error"), ERRORS, NDJSON)
    yield rejected("type-array-as-lines", array, "")


def _lengths() -> Iterator[Case]:
    """A POST that says nothing of its body."""
    for route in TAKING:
        request = ask("POST", route, [b"Content-Type: application/json"])
        yield refused(f"no-length-{route[4:]}", request, 411, "length_required")


def _methods() -> Iterator[Case]:
    allowed = {**dict.fromkeys(TAKING, "POST"), **dict.fromkeys(SHOWING, "GET, HEAD")}
    known = {**dict.fromkeys(TAKING, OTHER_METHODS), **dict.fromkeys(SHOWING, ("POST", "PUT"))}
    for route, allow in allowed.items():
        for method in known[route]:
            yield _not_allowed(method, route, allow, b"")
    for number, method in enumerate(UNKNOWN_METHODS):
        yield _not_allowed(method, TAKING[number % 3], "POST", b"")
        yield _not_allowed(method, SHOWING[number % 4], "GET, HEAD", event("trace"))
    yield _not_allowed("PUT", TRACES, "POST", event("trace"))
    yield _not_allowed("DELETE", ERRORS, "POST", MARKER.encode() * 1000)
    yield _not_allowed(MARKER, TRACES, "POST", event("trace"))
    yield _not_allowed("X" * 500, ERRORS, "POST", b"")


def _not_allowed(method: str, route: str, allow: str, body: bytes) -> Case:
    lengths = [b"Content-Length: %d" % len(body)] if body else []
    id = f"method-{method[:10]}-{route.rpartition('/')[2]}{'-with-a-body' * bool(body)}"
    request = ask(method, route, lengths, body)
    return refused(id, request, 405, "method_not_allowed", headers={"allow": allow})


def _paths() -> Iterator[Case]:
    for what, path in NO_PATHS.items():
        request = post(event("trace"), path)
        yield refused(f"path-{what}", request, 404, "not_found")
    for method in (*OTHER_METHODS, *UNKNOWN_METHODS[:4]):
        request = ask(method, f"/{MARKER}?{MARKER}")
        yield refused(f"path-unknown-{method}", request, 404, "not_found")
    large = post(b"x" * (MAX_BODY + 1), "/v1/nothing")
    answers = {404: "not_found", 413: "body_too_large"}
    yield Case("path-unknown-with-a-large-body", large, answers)


def _odd_lines() -> Iterator[Case]:
    """Lines of the head that nobody reads, or that say nothing."""
    for what, line in ODD_LINES.items():
        filled = line.replace(b"%b", MARKER.encode())
        for path in ("/metrics", "/livez"):
            yield Case(f"line-{what}-{path[1:]}", ask("GET", path, [filled]), {200: ""})
    for what, query in (
        ("marker", f"?{MARKER}"),
        ("escape", "?%zz&%"),
        ("empty", "?"),
        ("latin-1", "?\xff=\xff"),
        ("question-marks", "?????"),
    ):
        id = f"query-{what}"
        yield taken(id, post(good(id), TRACES + query))


CASES = [*_types(), *_lengths(), *_methods(), *_paths(), *_odd_lines()]
