"""Bodies that are no JSON, in no encoding, too deep, too long, or too many."""

from collections.abc import Iterator

from .case import (
    ERRORS,
    JSON,
    LITELLM,
    MARKER,
    MAX_BODY,
    MAX_EVENTS,
    NDJSON,
    TRACES,
    Case,
    ask,
    between,
    event,
    good,
    post,
    refused,
    rejected,
    taken,
)

NO_JSON = {
    "empty": b"",
    "spaces": b" \r\n\t ",
    "brace": b"{",
    "closing-brace": b"}",
    "bracket": b"[",
    "mismatch": b"[}",
    "comma": b",",
    "no-colon": b'{"a" 1}',
    "no-value": b'{"a":}',
    "no-name": b"{:1}",
    "trailing-comma": b'{"a": 1,}',
    "trailing-comma-in-a-list": b"[1,]",
    "leading-comma": b"[,{}]",
    "two-commas": b"[{},,{}]",
    "single-quotes": b"{'provider': 'p'}",
    "no-quotes": b'{provider: "p"}',
    "number-as-a-name": b"{1: 2}",
    "line-comment": b'{"a": 1} // %b' % MARKER.encode(),
    "comment": b'/* %b */ {"a": 1}' % MARKER.encode(),
    "hash-comment": b'# %b\n{"a": 1}' % MARKER.encode(),
    "two-values": b"{} {}",
    "two-lines": b"{}\n{}",
    "garbage-after": b"{}%b" % MARKER.encode(),
    "nul-after": b"{}\0",
    "nul-before": b"\0{}",
    "record-separator": b"\x1e{}\n",
    "xssi-prefix": b")]}'\n{}",
    "jsonp": b"cb({});",
    "form": b"provider=p&model=%b" % MARKER.encode(),
    "xml": b"<trace provider='p'/>",
    "yaml": b"provider: p\nmodel: %b" % MARKER.encode(),
    "python": b"{'provider': None}",
    "protobuf": b"\x0a\x04\x08\x01\x12\x00",
    "msgpack": b"\x82\xa8provider\xa1p\xa5model\xa1m",
    "bson": b"\x16\0\0\0\x02provider\0\x02\0\0\0p\0\0",
    "base64": b"eyJwcm92aWRlciI6ICJwIn0=",
    "gzip-unsaid": b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xab\xae\x05\0\x43\xbf\xa6\xa3\x02\0\0\0",
    "line-separator": "\u2028{}".encode(),
    "no-break-space": "\u00a0{}".encode(),
    "form-feed": b"\x0c{}",
}
NO_VALUES = {
    "nan": b"NaN",
    "infinity": b"Infinity",
    "minus-infinity": b"-Infinity",
    "too-large-a-number": b"1e400",
    "too-small-a-number": b"-1e400",
    "plus": b"+1",
    "leading-zero": b"01",
    "no-integer-part": b".5",
    "no-fraction": b"1.",
    "no-exponent": b"1e",
    "hexadecimal": b"0x1F",
    "underscore": b"1_000",
    "two-signs": b"--1",
    "sign-alone": b"-",
    "wide-digit": "１".encode(),
    "true-in-capitals": b"True",
    "null-in-capitals": b"NULL",
    "none": b"None",
    "undefined": b"undefined",
    "word": MARKER.encode(),
    "word-cut-off": b"nul",
    "single-quotes": b"'x'",
    "unclosed-text": b'"x',
    "escape-x": rb'"\x41"',
    "escape-zero": rb'"\0"',
    "escape-of-three": rb'"\u12"',
    "escape-of-no-hex": rb'"\uZZZZ"',
    "escape-in-braces": rb'"\u{41}"',
    "backslash-newline": b'"a\\\nb"',
    "raw-newline": b'"a\nb"',
    "raw-tab": b'"a\tb"',
    "raw-nul": b'"a\0b"',
    "raw-unit-separator": b'"a\x1fb"',
    "10000-digits": b"9" * 10_000,
}
NO_UTF8 = {
    "latin-1": b"caf\xe9",
    "cp1252": b"\x93x\x94",
    "shift-jis": "日本".encode("shift-jis"),
    "continuation-alone": b"\x80",
    "overlong-nul": b"\xc0\x80",
    "overlong-slash": b"\xc0\xaf",
    "overlong-of-three": b"\xe0\x80\xaf",
    "overlong-of-four": b"\xf0\x80\x80\xaf",
    "high-surrogate": b"\xed\xa0\x80",
    "low-surrogate": b"\xed\xbf\xbf",
    "cesu-8": b"\xed\xa0\xbd\xed\xb8\x80",
    "over-10ffff": b"\xf4\x90\x80\x80",
    "f5": b"\xf5\x80\x80\x80",
    "five-bytes": b"\xf8\x88\x80\x80\x80",
    "six-bytes": b"\xfc\x84\x80\x80\x80\x80",
    "fe": b"\xfe",
    "ff": b"\xff",
    "two-of-three": b"\xe2\x82",
    "three-of-four": b"\xf0\x9f\x98",
    "one-of-two": b"\xc3",
}
ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "utf-32-be",
    "utf-8-sig",
    "cp037",
)


def _texts() -> Iterator[Case]:
    for number, (what, body) in enumerate(NO_JSON.items()):
        route = (TRACES, ERRORS)[number % 2]
        yield refused(f"json-{what}", post(body, route), 400, "invalid_json")


def _values() -> Iterator[Case]:
    """Each by both parsers: the fast one, and the one that takes over where there are escapes."""
    for what, value in NO_VALUES.items():
        body = b'[{"provider": "p", "model": "m", "x": %b}]' % value
        yield refused(f"value-{what}", post(body), 400, "invalid_json")
        escaped = rb'[{"provider": "\u0041", "model": "\ud800", "x": %b}]' % value
        yield refused(f"value-{what}-after-an-escape", post(escaped), 400, "invalid_json")


def _encodings() -> Iterator[Case]:
    for encoding in ENCODINGS:
        body = good("x").decode().encode(encoding)
        yield refused(f"all-in-{encoding}", post(body), 400, "invalid_json")
    utf7 = b"+AHs-" + good("x")[1:]
    yield refused("all-in-utf-7", post(utf7), 400, "invalid_json")
    for number, (what, text) in enumerate(NO_UTF8.items()):
        item = b'{"provider": "p", "model": "%b"}' % text
        body = between(f"utf8-{what}", item)
        yield refused(f"utf8-{what}", post(body), 400, "invalid_json")
        if number % 3:
            continue
        escaped = b'{"provider": "\\ud800", "model": "%b"}' % text
        lines = b"\n".join((good(f"utf8-{what}-1"), escaped, good(f"utf8-{what}-2")))
        id = f"utf8-{what}-in-a-line"
        yield rejected(id, post(lines, TRACES, NDJSON), "", "invalid_json", "ara")


def _truncations() -> Iterator[Case]:
    one = event("trace", input_text=r'"a\u00e9 \\ \" é 😀"', metadata='{"a": [1, -2.5e3, null]}')
    for end in range(2, len(one), 11):
        yield refused(f"cut-at-{end}", post(one[:end]), 400, "invalid_json")
    array = b"[%b, %b]" % (good("cut-1", "error"), good("cut-2", "error"))
    for end in range(len(array) - 1, 1, -29):
        yield refused(f"array-cut-at-{end}", post(array[:end], ERRORS), 400, "invalid_json")
    for end in range(3, len(one), 31):
        first = good(f"line-cut-at-{end}", "error") + b"\n"
        request = post(first + one[:end], ERRORS, NDJSON)
        yield rejected(f"line-cut-at-{end}", request, "", "invalid_json", "ar")


def _lines() -> Iterator[Case]:
    for what, line in (
        ("no-json", b"{"),
        ("marker", MARKER.encode()),
        ("two-values", b"{} {}"),
        ("comma-after", event("trace") + b","),
        ("nan", event("trace", cost_usd="NaN")),
        ("bom", b"\xef\xbb\xbf" + event("trace")),
        ("nul", b"\0"),
        ("record-separator", b"\x1e" + event("trace")),
        ("carriage-return-inside", event("trace").replace(b", ", b",\r") + b"\r,"),
        ("deep", b"[" * 20_000),
        ("deep-after-an-escape", rb'"\ud800' + b"[" * 20_000),
        ("deep-and-closed", b"[" * 20_000 + b"]" * 20_000),
    ):
        lines = (good(f"line-{what}-1"), line, b"", b" \t\r", good(f"line-{what}-2"), b"")
        request = post(b"\n".join(lines), TRACES, NDJSON)
        yield rejected(f"line-{what}", request, "", "invalid_json", "ara")
    spread = event("trace").replace(b", ", b",\n")  # an object over three lines is three bad lines
    yield rejected("line-spread", post(spread, TRACES, NDJSON), "", "invalid_json", "rrr")
    lists = b"[%b]\n[]\n%b" % (event("trace"), good("line-lists"))
    yield rejected("line-lists", post(lists, TRACES, NDJSON), "", fates="rra")
    for what, body in (("empty", b""), ("blank", b"\n \r\n\t\n")):
        yield taken(f"lines-{what}", post(body, TRACES, NDJSON), fates="")
    bad = event("error", error_type=None)
    crlf = b"\r\n".join((good("line-crlf-1", "error"), bad, good("line-crlf-2", "error")))
    yield rejected("line-crlf", post(crlf, ERRORS, NDJSON), "/error_type", fates="ara")


def _depths() -> Iterator[Case]:
    for what, text in (
        ("1100-lists", b"[" * 1100 + b"]" * 1100),
        ("1100-objects", b'{"a":' * 1100 + b"1" + b"}" * 1100),
        ("10000-objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
        ("40000-lists", b"[" * 40_000 + b"]" * 40_000),
        ("90000-open-lists", b"[" * 90_000),
        ("15000-open-objects", b'{"a":' * 15_000),
        ("30000-open-pairs", b'[{"":' * 15_000),
        ("90000-closing", b"]" * 90_000),
    ):
        yield refused(f"deep-{what}", post(text), 400, "invalid_json")
        escaped = rb'["\ud800", %b]' % text
        yield refused(f"deep-{what}-after-an-escape", post(escaped), 400, "invalid_json")
    item = post(between("deep-item", b"[" * 1100 + b"]" * 1100))
    yield refused("deep-item", item, 400, "invalid_json")


def _sizes() -> Iterator[Case]:
    def padded(size: int, event_id: str = "too-long") -> bytes:
        return good(event_id).ljust(size)

    yield taken("size-at-the-limit", post(padded(MAX_BODY, "size-at-the-limit")))
    for size in (MAX_BODY + 1, MAX_BODY * 3 // 2, MAX_BODY * 2):
        yield refused(f"size-{size}", post(padded(size)), 413, "body_too_large")
    over = MAX_BODY + 1
    for what, body, route, kind in (
        ("errors", good("x", "error").ljust(over), ERRORS, JSON),
        ("litellm", b"[]".ljust(over), LITELLM, JSON),
        ("lines", (good("x") + b"\n") * (over // 50), TRACES, NDJSON),
        ("no-json", MARKER.encode() * (over // 9), TRACES, JSON),
        ("spaces", b" " * over, TRACES, JSON),
        ("nuls", b"\0" * over, ERRORS, NDJSON),
    ):
        yield refused(f"size-of-{what}", post(body, route, kind), 413, "body_too_large")
    chunk = b"2710\r\n%b\r\n" % (b"x" * 10_000)
    head = [b"Content-Type: application/json", b"Transfer-Encoding: chunked"]
    chunks = ask("POST", TRACES, head, chunk * 11 + b"0\r\n\r\n")
    yield refused("size-of-chunks", chunks, 413, "body_too_large")


def _counts() -> Iterator[Case]:
    over = MAX_EVENTS + 1
    for what, body, route, kind in (
        ("events", b"[" + b",".join([event("trace")] * over) + b"]", TRACES, JSON),
        ("errors", b"[" + b",".join([event("error")] * over) + b"]", ERRORS, JSON),
        ("calls", b"[" + b",".join([b'{"model":"m"}'] * over) + b"]", LITELLM, JSON),
        ("nulls", b"[" + b",".join([b"null"] * 19_000) + b"]", TRACES, JSON),
        ("lines", (event("trace") + b"\n") * over, TRACES, NDJSON),
        ("bad-lines", b"{\n" * over, ERRORS, NDJSON),
        ("good-lines-and-a-bad-one", (event("trace") + b"\n") * MAX_EVENTS + b"{", TRACES, NDJSON),
        ("lines-of-calls", b'{"model":"m"}\n' * over, LITELLM, JSON),
    ):
        yield refused(f"too-many-{what}", post(body, route, kind), 413, "too_many_events")
    most = b"\n" * 5000 + b"\n\n".join(good(f"most-{n}") for n in range(MAX_EVENTS))
    yield taken("most-lines-between-blank-ones", post(most, TRACES, NDJSON), "a" * MAX_EVENTS)


CASES = [
    *_texts(),
    *_values(),
    *_encodings(),
    *_truncations(),
    *_lines(),
    *_depths(),
    *_sizes(),
    *_counts(),
]
