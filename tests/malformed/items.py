"""Events with one member that is not what its schema says: types, ranges, lengths, characters."""

import json
from collections.abc import Iterator
from pathlib import Path

from .case import (
    ERRORS,
    MARKER,
    MAX_EVENTS,
    ROUTES,
    Case,
    alone,
    amid,
    between,
    event,
    nested,
    post,
    raw,
    rejected,
    taken,
)

SCHEMAS = Path(__file__).parents[2] / "schemas"
MEMBERS = {
    kind: json.loads((SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))["properties"]
    for kind in ROUTES
}
_UNSTORABLE = {"nul": rf'"{MARKER}\u0000"', "lone-surrogate": rf'"{MARKER}\ud83d"'}

NO_INTEGERS = {
    "negative": "-1",
    "over-64-bits": "9223372036854775808",
    "fraction": "1.5",
    "text": f'"{MARKER}"',
    "true": "true",
    "list": "[1]",
    "object": f'{{"{MARKER}": 1}}',
}
NO_NUMBERS = {
    "negative": "-0.001",
    "over-its-maximum": "1000000000000.5",
    "text": '"1.0"',
    "false": "false",
    "list": "[]",
    "object": "{}",
}
NO_NAMES = {
    "number": "7",
    "too-long": f'"{MARKER}{"é" * 257}"',
}
NO_TEXTS = {"number": "-7.5", "object": f'{{"{MARKER}": "x"}}'}
NO_TIMES = {
    "empty": "",
    "word": "yesterday",
    "date": "2026-11-23",
    "no-offset": "2026-11-23T16:44:32",
    "no-seconds": "2026-11-23T16:44Z",
    "basic-format": "20261123T164432Z",
    "basic-offset": "2026-11-23T16:44:32+0100",
    "week": "2026-W48-1T16:44:32Z",
    "month-13": "2026-13-01T16:44:32Z",
    "month-0": "2026-00-01T16:44:32Z",
    "february-30": "2026-02-30T16:44:32Z",
    "no-leap-year": "2025-02-29T16:44:32Z",
    "hour-24": "2026-11-23T24:00:00Z",
    "minute-60": "2026-11-23T16:60:32Z",
    "second-61": "2026-11-23T16:44:61Z",
    "offset-hour-24": "2026-11-23T16:44:32+24:00",
    "offset-minute-60": "2026-11-23T16:44:32+01:60",
    "two-offsets": "2026-11-23T16:44:32Z+01:00",
    "empty-fraction": "2026-11-23T16:44:32.Z",
    "comma-fraction": "2026-11-23T16:44:32,5Z",
    "year-0": "0000-01-01T00:00:00Z",
    "before-1970": "1969-12-31T23:59:59Z",
    "before-1970-by-offset": "1970-01-01T00:00:00+00:01",
    "after-9999-by-offset": "9999-12-31T23:59:59-00:01",
    "year-10000": "10000-01-01T00:00:00Z",
    "space-before": " 2026-11-23T16:44:32Z",
    "space-after": "2026-11-23T16:44:32Z ",
    "newline-after": "2026-11-23T16:44:32Z\n",
    "nul-after": "2026-11-23T16:44:32Z\0",
    "wide-digits": "２０２６-11-23T16:44:32Z",
    "arabic-digits": "٢٠٢٦-11-23T16:44:32Z",
    "integer-in-quotes": "1795452272709",
    "too-long": "2026-11-23T16:44:32." + "0" * 64 + "Z",
    "surrogate": "2026-11-23T16:44:32\ud800Z",
}
NO_MILLISECONDS = {
    "zero": "0",
    "seconds": "1795452272",
    "just-seconds": "99999999999",
    "microseconds": "1795452272709000",
    "after-9999": "253402300800000",
    "half": "1795452272709.5",
    "exponent": "1e300",
}
NO_METADATA = {
    "number": "7",
    "true": "true",
    "list": f'["{MARKER}"]',
    "text": f'"{MARKER}"',
    "text-of-list": '"[1]"',
    "text-of-null": '"null"',
    "text-of-text": rf'"\"{MARKER}\""',
    "text-of-two": '"{} {}"',
    "text-cut-off": rf'"{{\"{MARKER}\": "',
    "text-with-nan": r'"{\"a\": NaN}"',
    "text-with-bom": r'"\ufeff{}"',
    "text-in-single-quotes": "\"{'a': 1}\"",
    "text-that-is-a-surrogate": r'"\ud800"',
    "text-with-an-escaped-surrogate": r'"{\"a\": \"\\ud800\"}"',
    "text-nested-100000-times": f'"{"[" * 90_000}"',
}
UNSTORABLE_METADATA = {
    "nul": rf'{{"a": "{MARKER}\u0000"}}',
    "nul-in-a-name": rf'{{"{MARKER}\u0000": 1}}',
    "nul-after-backslashes": r'{"a": "\\\\\u0000"}',
    "nul-deep-down": r'{"a": [[{"b": ["\u0000"]}]]}',
    "nul-in-text": r'"{\"a\": \"\\u0000\"}"',
    "surrogate": rf'{{"a": "{MARKER}\ud800"}}',
    "surrogate-in-a-name": r'{"\udfff": 1}',
    "surrogates-the-wrong-way-round": r'{"a": "\ude00\ud83d"}',
    "surrogate-twice": r'{"a": "\ud83d\ud83d"}',
    "integer-over-64-bits-and-an-escape": r'{"a": 123456789012345678901, "b": "\ud800"}',
    "65-deep": nested(64),
    "65-deep-in-lists": f'{{"a": {"[" * 63}{"]" * 63}}}',
    "65-deep-in-text": json.dumps(nested(64)),
    "900-deep": nested(900),
}


def _of_type(kind: str, wanted: str) -> list[str]:
    """Members of a schema whose type it is, or may be."""
    return [n for n, s in MEMBERS[kind].items() if wanted in s.get("type", ())]


def _numbers() -> Iterator[Case]:
    for kind in ROUTES:
        for member in _of_type(kind, "integer"):
            for what, value in NO_INTEGERS.items():
                yield alone(f"{kind}-{member}-{what}", kind, member, value)
        for member in _of_type(kind, "number"):
            for what, value in NO_NUMBERS.items():
                yield alone(f"{kind}-{member}-{what}", kind, member, value)


def _texts() -> Iterator[Case]:
    for kind in ROUTES:
        for member in _of_type(kind, "string"):
            schema = MEMBERS[kind][member]
            if member == "metadata" or schema.get("format") == "date-time":
                continue
            for what, value in (NO_NAMES if "maxLength" in schema else NO_TEXTS).items():
                yield amid(f"{kind}-{member}-{what}", kind, member, value)
            for what, value in _UNSTORABLE.items():
                id = f"{kind}-{member}-{what}"
                yield amid(id, kind, member, value, "unstorable")


def _required() -> Iterator[Case]:
    for kind, member in (("trace", "provider"), ("trace", "model"), ("error", "error_type")):
        for what, value in (
            ("missing", None),
            ("null", "null"),
            ("empty", '""'),
            ("blank", r'" \t\r\n"'),
        ):
            yield alone(f"{kind}-{member}-{what}", kind, member, value)
    yield alone("error-message-missing", "error", "message", None)
    yield alone("error-message-null", "error", "message", "null")


def _severities() -> Iterator[Case]:
    for what, value in (
        ("unknown", f'"{MARKER}"'),
        ("upper-case", '"ERROR"'),
        ("trailing-space", '"error "'),
        ("empty", '""'),
        ("number", "3"),
        ("true", "true"),
        ("list", '["error"]'),
        ("nul", r'"error\u0000"'),
        ("lone-surrogate", r'"\ud800"'),
    ):
        yield amid(f"error-severity-{what}", "error", "severity", value)


def _times() -> Iterator[Case]:
    for what, text in NO_TIMES.items():
        value = json.dumps(text)
        yield alone(f"started-{what}", "trace", "started_at", value)
    for what, value in NO_MILLISECONDS.items():
        yield alone(f"started-{what}", "trace", "started_at", value)
    for what in ("no-offset", "hour-24", "surrogate"):
        value = json.dumps(NO_TIMES[what])
        yield amid(f"occurred-{what}", "error", "occurred_at", value)
    for what in ("seconds", "after-9999"):
        value = NO_MILLISECONDS[what]
        yield amid(f"occurred-{what}", "error", "occurred_at", value)


def _metadata() -> Iterator[Case]:
    for what, value in NO_METADATA.items():
        yield alone(f"metadata-{what}", "trace", "metadata", value)
    for what, value in UNSTORABLE_METADATA.items():
        yield amid(f"metadata-{what}", "error", "metadata", value, "unstorable")


def _unknown_members() -> Iterator[Case]:
    """They are kept in the metadata; one whose name cannot be stored is a fault of that."""
    for what, member, value, path in (
        ("nul", "x", rf'"{MARKER}\u0000"', "/x"),
        ("nul-in-its-name", r"x\u0000", "1", "/metadata"),
        ("surrogate", "x", r'["\udc00"]', "/x"),
        ("surrogate-in-its-name", r"x\ud800", "1", "/metadata"),
        ("65-deep", "x", nested(64), "/x"),
        ("65-deep-in-lists", "a/b~c", "[" * 64 + "]" * 64, "/a~1b~0c"),
        ("900-deep", "x", nested(900), "/x"),
        ("nul-and-long", "x" * 300, rf'"{MARKER}\u0000"', "/metadata"),
    ):
        yield amid(f"unknown-{what}", "trace", member, value, "unstorable", path)


def _no_events() -> Iterator[Case]:
    """What is no object, as an item and as a body."""
    text = f'"{MARKER}"'.encode()
    scalars = {
        "null": b"null",
        "true": b"true",
        "number": b"-0.5",
        "text": text,
        "surrogate": rb'"\ud800"',
    }
    lists = {
        "empty-list": b"[]",
        "list-of-an-event": b"[%b]" % event("trace"),
        "64-lists": b"[" * 64 + b"]" * 64,
        "900-lists": b"[" * 900 + b"]" * 900,
    }
    for what, item in (scalars | lists).items():
        yield rejected(f"item-{what}", post(between(f"item-{what}", item)), "", fates="ara")
    for what, item in scalars.items():
        yield rejected(f"body-{what}", post(item, ERRORS), "")
    for what, item in lists.items():
        yield rejected(f"array-of-{what}", post(b"[%b]" % item, ERRORS), "")


def _no_members() -> Iterator[Case]:
    """Objects, of another kind or of none."""
    empty = post(between("item-empty", b"{}", "error"), ERRORS)
    yield rejected("item-empty", empty, "/error_type", fates="ara")
    yield rejected("body-empty-object", post(b"{}"), "/provider")
    yield rejected("trace-as-error", post(event("trace"), ERRORS), "/error_type")
    yield rejected("error-as-trace", post(event("error")), "/provider")
    many = b"[" + b",".join([b"{}"] * MAX_EVENTS) + b"]"
    yield rejected("nothing-but-bad-items", post(many), "/provider", fates="r" * MAX_EVENTS)


def _duplicates() -> Iterator[Case]:
    """Of the members of one name the last counts."""
    yield rejected("duplicate-bad-last", post(b'{"provider":"p","model":"m","model":7}'), "/model")
    yield taken("duplicate-good-last", post(b'{"provider":"p","model":7,"model":"m"}'))
    twice = raw({"provider": '"p"', r"provide\u0072": "7", "model": '"m"'})
    yield rejected("duplicate-by-escape", post(twice), "/provider")


CASES = [
    *_numbers(),
    *_texts(),
    *_required(),
    *_severities(),
    *_times(),
    *_metadata(),
    *_unknown_members(),
    *_no_events(),
    *_no_members(),
    *_duplicates(),
]
