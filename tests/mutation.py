"""Bodies that are nearly what a receiver expects, mutated from examples, packed and damaged."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

import brotli
from backports import zstd

from server.receivers import documents
from server.receivers.otlp.decoding.framing import BYTES, Malformed, fields, framed

from .conftest import EXAMPLES
from .credentials import CREDENTIALS
from .generated import SCHEMAS, nested
from .otlp import PROTOBUF, SIGNALS, as_json

ROUTES = ("traces", "errors", "litellm", "envelope", "spans", "logs", "otlp_metrics")
MARKER = "Zebra7"
"""A word of the bodies, which no answer may repeat."""
ABYSS = "abyss"
"""In a value, stands for what nests as deep as orjson reads and Python's own json does not."""
MAX_BODY = 2**21
MAX_SEED = 2**14
MAX_SEEDS = 1000
TYPES = (documents.JSON, documents.NDJSON, PROTOBUF)


class Case(NamedTuple):
    """A request. `small`: whether the paths for large bodies are taken from one byte on."""

    route: str
    media_type: str
    coding: str
    body: bytes
    narrow: bool
    small: bool


def seeds() -> Iterator[tuple[str, bytes]]:
    """Bodies to begin with, each with its route."""
    events: dict[str, list[bytes]] = {"traces": [], "errors": []}
    for path in sorted(EXAMPLES.glob("*valid/*.json")):
        text = path.read_bytes()
        route = "errors" if b'"message"' in text else "traces"
        events[route].append(json.dumps(json.loads(text)).encode())
        yield route, text
    for route, texts in events.items():
        yield route, b"\n".join(texts)
        yield route, b"[" + b", ".join(texts) + b"]"
        yield route, b"\xef\xbb\xbf" + texts[0]
    for path in sorted((EXAMPLES / "litellm").glob("*.logs.*.body")):
        text = path.read_bytes()
        calls = json.loads(text) if text.startswith(b"[") else map(json.loads, text.splitlines())
        short = [json.dumps(_without_bulk(call)).encode() for call in list(calls)[:2]]
        yield "litellm", short[0]
        yield "litellm", b"\n".join(short)
        yield "litellm", b"[" + b",".join(short) + b"]"
    for path in sorted((EXAMPLES / "sentry-python").glob("*.body")):
        header, first, payload = gzip.decompress(path.read_bytes()).split(b"\n")[:3]
        event = json.dumps(_without_bulk(json.loads(payload))).encode()
        lines = [header, b'{"type":"event"}', event]
        yield "envelope", b"\n".join([header, first, payload])
        yield "envelope", b"\n".join(lines)
        yield "envelope", b"\n".join([*lines, first, payload, *lines[1:]])
    yield "litellm", json.dumps(TOOLS).encode()
    yield "litellm", b'{"id": "%b", "model": "m"}\n{"\n' % MARKER.encode()
    yield "traces", b"[" + b",".join([b"7"] * 101) + b"]"
    for route, message in SIGNALS.items():
        for snake in (False, True):
            yield route, as_json(message, snake=snake, hexadecimal=not snake)
        yield route, message.SerializeToString()


_CALL = {"name": "f", "arguments": "{}"}
TOOLS = {
    "litellm_call_id": "tools",
    "messages": [
        {
            "role": "user",
            "content": [{"type": "text", "text": MARKER}, {"image_url": {"url": "u"}}],
        },
        {"role": "assistant", "tool_calls": [{"function": _CALL}], "function_call": _CALL},
        {"type": "tool_use", "name": "g", "input": {"a": [1]}},
    ],
    "response": {"output": [{"type": "reasoning"}, {"type": "function_call", **_CALL}]},
}


def _without_bulk(call: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in call.items() if len(json.dumps(value)) < 3000}


TOKENS = [
    *(bytes((byte,)) for byte in b'[]{}",:\\ \n\r\t\x00\x0b\x1f-0.eE'),
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e400", b"1.0", b"-0", b"\\u0000", b"\\ud800"),
    *(b"\\udc00", b"\\ud83d\\ude00", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xef\xbb\xbf"),
    *(b"\xf0\x9f\x91\x8d", b"9" * 30, b"9" * 5000, b"[" * 70, b"[" * 1100, b"]" * 70, b"{}"),
    *(b'{"a":' * 70, b'""', b'","', b'":"', b"},{", b"}\n{", b"\r\n", b"\n\n", b"\\\\", b'\\"'),
    *(MARKER.encode(), b'"' + MARKER.encode() + b'":1,', b'"' + MARKER.encode() + b'"'),
    *(b"data:image/png;base64,AAAA", b"data:a/b;base64,", b"9223372036854775808"),
    b"253402300800000",
]
NAMES = [
    *(name for schema in SCHEMAS.values() for name in schema["properties"]),
    *("extra", "truncated", "litellm_call_id", "messages", "response", "choices"),
    *("content", "text"),
    *("length", "event_id", "level", "logentry", "formatted", "params", "exception", "values"),
    *("value", "mechanism", "handled", "stacktrace", "frames", "lineno", "filename", "contexts"),
    *("tags", "threads", "timestamp", "user", "id", "sdk", "data"),
    *("resourceSpans", "resource_spans", "scopeSpans", "spans", "scope_logs", "logRecords"),
    *("resource", "scope", "attributes", "events", "body", "key", "value", "stringValue"),
    *("intValue", "int_value", "doubleValue", "boolValue", "arrayValue", "kvlistValue"),
    *("values", "bytesValue", "traceId", "span_id", "kind", "code", "startTimeUnixNano"),
    *("role", "type", "tool_calls", "function", "name", "arguments", "input", "image_url", "usage"),
    *("error_information", "error_str", "startTime", "endTime", "completionStartTime", "stream"),
    *("response_time", "response_cost", "cache_hit", "call_type", "custom_llm_provider"),
    *(
        "password",
        "api_key",
        "request_tags",
        "usage_object",
        "prompt_tokens_details",
        "input_tokens",
        "cached_tokens",
    ),
]
NUMBERS: list[Any] = [
    *(0, -1, 1, 1.0, -0.0, 1.5, 1e308, 5e-324, 10**11 - 1, 10**11, 1e12, 10**12 + 1, 2.0**63),
    *(2**63 - 1, 2**63, -(2**63), 2**64, 253_402_300_799_999, 253_402_300_800_000),
]
WORDS = [
    *(ABYSS, ABYSS, ABYSS),
    *("", " ", "\0", "\ud800", "\udfff\ud800", "\ufeff", "x" * 256, "é" * 257),
    *("👍" * 256, "e\u0301"),
    *(MARKER, MARKER + "\0", MARKER + "\ud800", f"{MARKER}\n" * 60, "{", "[]", "{}"),
    '{"a": "\\u0000"}',
    *('{"a": {"b": []}}', "ok", "FAILED", "timeout", "true", "11", "1e400", "nan", "9" * 5000),
    *("1970-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "2016-12-31T23:59:60z", "2026-13-01"),
    *("data:image/png;base64," + "A" * 100, "data:a/b;c=d;base64,A=", "redacted-by-litellm"),
    *("event", "fatal", "info", "auto.ai.openai", "gen_ai.system", "gen_ai.request.model"),
    *("user", "assistant", "tool_use", "message", "image_url", "openai/gpt-4o", "openai"),
    *(one.text for one in CREDENTIALS),
]
SCALARS: list[Any] = [None, True, False, *NUMBERS, *WORDS]
BREAKS = (b"\n", b"\n", b"\r\n", b"\n\n", b" \n\t")


class Mutator:
    """Makes new bodies of old ones."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._corpus: dict[str, list[bytes]] = {route: [] for route in ROUTES}
        for route, body in seeds():
            self._corpus[route].append(body)

    @property
    def size(self) -> int:
        return sum(map(len, self._corpus.values()))

    def keep(self, case: Case, body: bytes) -> None:
        """Mutate this one too from now on."""
        if len(body) > MAX_SEED:
            return
        known = self._corpus[case.route]
        if len(known) >= MAX_SEEDS:  # those we began with stay
            known.pop(self._rng.randrange(MAX_SEEDS // 2, MAX_SEEDS))
        known.append(body)

    def case(self) -> tuple[Case, bytes]:
        """A request, and its body before that was packed."""
        rng = self._rng
        route = rng.choice((*ROUTES, "litellm", "spans"))  # which have most to say
        body = rng.choice(self._corpus[route])
        change = self._change_value if body[:1] in b"[{ " else self._change_field
        changes = rng.choices((change, self._change_bytes), (3, rng.choice((0, 2))), k=6)
        for change in changes[: rng.choice((0, 1, 1, 2, 3, 6))]:
            body = change(body)
        body = body[:MAX_BODY]
        if rng.random() < 0.05:
            route = rng.choice(ROUTES)
        media_type = rng.choice(TYPES) if rng.random() < 0.1 else _type_of(route, body)
        if rng.random() < 0.01:
            media_type = rng.choice(("", "text/plain", MARKER))
        coding, packed = self._pack(body)
        case = Case(route, media_type, coding, packed, rng.random() < 0.3, rng.random() < 0.3)
        return case, body

    def _change_bytes(self, body: bytes) -> bytes:
        rng = self._rng
        start = rng.randint(0, len(body))
        end = min(len(body), start + rng.choice((0, 1, 2, 8, 64, len(body))))
        match rng.randrange(7):
            case 0:
                return body[:start] + rng.choice(TOKENS) + body[start:]
            case 1:
                return body[:start] + rng.choice(TOKENS) + body[end:]
            case 2:
                return body[:start] + body[end:]
            case 3:
                return body[:start]
            case 4:
                return body[:start] + rng.randbytes(rng.choice((1, 1, 2, 9))) + body[end:]
            case 5:
                other = rng.choice(self._corpus[rng.choice(ROUTES)])
                return body[:start] + other[rng.randint(0, len(other)) :]
        times = rng.choice((2, 3, 70, 1000))
        return body[:start] + body[start:end][: MAX_SEED // times * 4] * times + body[end:]

    def _change_value(self, body: bytes) -> bytes:
        """`body` with one of its values replaced, where it is JSON or lines of it."""
        rng = self._rng
        try:
            found = _parsed(body)
            if found and rng.random() < 0.3:
                found = self._variants(rng.choice(found))
            else:
                found = [self._changed(value) for value in found]
            return rng.choice(BREAKS).join(_dump(rng, value) for value in found)
        except (ValueError, RecursionError):  # no JSON, too deep, or too many digits
            return body

    def _change_field(self, body: bytes, depth: int = 12) -> bytes:
        """`body` with one of its fields replaced, where it is protobuf."""
        rng, data = self._rng, bytearray(body)
        try:
            found = list(fields(data, 0, len(data)))
        except Malformed:
            found = []
        if not found or not depth or rng.random() < 0.05:
            return self._change_bytes(body)
        chosen = rng.randrange(len(found))
        number, kind, start, end = found[chosen]
        begin = found[chosen - 1][3] if chosen else 0
        if rng.random() < 0.15:
            return body[:begin] + body[begin:end] * rng.choice((0, 2, 101)) + body[end:]
        if kind == BYTES:
            inner = framed(number, self._change_field(body[start:end], depth - 1))
            return body[:begin] + inner + body[end:]
        return body[:start] + rng.randbytes(end - start) + body[end:]

    def _variants(self, value: Any) -> list[Any]:
        """An array or lines of many items, each one change away from another."""
        if isinstance(value, list) and value:
            value = self._rng.choice(value)
        text = json.dumps(value)
        changed = [self._changed(json.loads(text)) for _ in range(20)]
        return changed if self._rng.random() < 0.3 else [changed]

    def _changed(self, value: Any) -> Any:
        rng = self._rng
        if not value or not isinstance(value, dict | list) or rng.random() < 0.1:
            return self._value(value)
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key: Any = rng.choice(keys)
        if rng.random() < 0.15:
            del value[key]
        elif isinstance(value, dict) and rng.random() < 0.3:
            name = rng.choice(NAMES) if rng.random() < 0.9 else str(rng.choice(SCALARS))
            value[name] = self._value(value.get(name, value[key]))
        elif isinstance(value, list) and rng.random() < 0.3:
            value[key:key] = [value[key]] * rng.choice((1, 2, 101))
        else:
            value[key] = self._changed(value[key])
        return value

    def _value(self, old: Any) -> Any:
        """Something in the place of `old`."""
        rng = self._rng
        match rng.randrange(14):
            case 0:
                return [old]
            case 1:
                return {rng.choice(NAMES): old}
            case 2:
                return {name: rng.choice(SCALARS) for name in rng.choices(NAMES, k=3)}
            case 3:
                return [rng.choice(SCALARS) for _ in range(rng.choice((0, 2, 5)))]
            case 4:
                return nested(rng.choice((3, 61, 62, 63, 64, 65, 250, 970)), old)
            case 5 if isinstance(old, str):
                return old[:50] * rng.choice((2, 40))
            case 6 | 7 | 8 | 9:
                return rng.choice(WORDS if isinstance(old, str) else NUMBERS)
        return rng.choice(SCALARS)

    def _pack(self, body: bytes) -> tuple[str, bytes]:
        """A coding's name and a body in it, or in another, or damaged."""
        rng = self._rng
        if rng.random() < 0.6:
            return rng.choice(("", "identity", " , identity")), body
        named = rng.choice(sorted(PACKERS))
        packed = PACKERS[named if rng.random() < 0.9 else rng.choice(sorted(PACKERS))](body)
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            packed = self._change_bytes(packed)
        if rng.random() < 0.05:
            named = rng.choice(("lzma", "gzip, gzip", MARKER, "gzip;q=1", "\xff", ",", "GZIP "))
        return named, packed


def _bare(data: bytes) -> bytes:
    packer = zlib.compressobj(1, wbits=-15)
    return packer.compress(data) + packer.flush()


def _twice(pack: Callable[[bytes], bytes], data: bytes) -> bytes:
    return pack(data[: len(data) // 2]) + pack(data[len(data) // 2 :])


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, 1, mtime=0),
    "x-gzip": lambda data: _twice(lambda part: gzip.compress(part, 1, mtime=0), data),
    "deflate": lambda data: zlib.compress(data, 1),
    "Deflate": _bare,
    "zstd": zstd.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "ZSTD": lambda data: _twice(zstd.compress, data),
}


def _parsed(body: bytes) -> list[Any]:
    """The value of a body, or those of its lines."""
    try:
        return [json.loads(body)]
    except ValueError:
        return [json.loads(line) for line in body.split(b"\n") if line.strip()]


def _dump(rng: Random, value: Any) -> bytes:
    """JSON in one of its forms."""
    between = rng.choice(((", ", ": "), (",", ":"), (" ,\r\n", "\t: ")))
    text = json.dumps(value, separators=between, ensure_ascii=rng.random() < 0.5)
    text = text.replace(f'"{ABYSS}"', "[" * 1015 + "]" * 1015)
    return text.encode(errors="surrogatepass")


def _type_of(route: str, body: bytes) -> str:
    if route in SIGNALS and not body.lstrip().startswith(b"{"):
        return PROTOBUF
    return documents.NDJSON if b"}\n{" in body or b"}\r\n{" in body else documents.JSON
