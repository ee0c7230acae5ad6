"""What LiteLLM's callback never sends: refused, or read where it can be read."""

from collections.abc import Iterator

from .case import (
    JSON,
    LITELLM,
    MARKER,
    NDJSON,
    Case,
    nested,
    post,
    raw,
    refused,
    rejected,
    taken,
)

NO_CALLS = {
    "null": b"null",
    "number": b"7",
    "true": b"true",
    "text": b'"%b"' % MARKER.encode(),
    "list": b"[]",
    "900-lists": b"[" * 900 + b"]" * 900,
}
NO_MODELS = {
    "missing": None,
    "null": "null",
    "empty": '""',
    "blank": r'" \t\n"',
    "number": "7",
    "list": f'["{MARKER}"]',
    "object": f'{{"{MARKER}": 1}}',
}
NO_JSON = {
    "empty": b"",
    "brace": b"{",
    "word": MARKER.encode(),
    "list-cut-off": b'[{"model": "m"}, {"mod',
    "object-over-lines": b'{\n"model": "m",\n}',
    "utf-16": '[{"model": "m"}]'.encode("utf-16"),
    "latin-1": b'{"model": "caf\xe9"}',
    "bom": b'\xef\xbb\xbf{"model": "m"}',
    "deep": b"[" * 50_000,
    "deep-after-an-escape": rb'["\ud800", ' + b"[" * 50_000,
    "first-line-bad": b'{"model"\n{"model": "m"}',
    "first-line-blank-and-bad": b'\n\n{"model"\n{"model": "m"}',
}
ODD_MEMBERS = {
    "messages": "7",
    "messages-of-nothing": "[null, true, [], {}, [[[[[[[[1]]]]]]]]]",
    "messages-deep": nested(900),
    "messages-deep-content": '[{"content": ' + '{"content": ' * 400 + "1" + "}" * 401 + "]",
    "messages-surrogate": rf'"{MARKER}\ud800"',
    "response": "[]",
    "response-number": "-1e400",
    "response-choices": '{"choices": [null, 7, {"message": 7}, {"message": {"content": {}}}]}',
    "response-usage": f'{{"usage": "{MARKER}"}}',
    "metadata": f'["{MARKER}"]',
    "metadata-nul": r'{"user_api_key_alias": "a\u0000b"}',
    "metadata-usage_object": f'{{"usage_object": ["{MARKER}"]}}',
    "request_tags": '[1, null, [], {}, "t"]',
    "startTime": "{}",
    "startTime-nan": "NaN",
    "startTime-negative": "-5",
    "startTime-word": f'"{MARKER}"',
    "endTime": '"9999999999999999999999"',
    "response_time": "-1",
    "response_time-infinite": "Infinity",
    "prompt_tokens": "-1",
    "prompt_tokens-over-64-bits": "9223372036854775808",
    "prompt_tokens-exponent": "1e308",
    "prompt_tokens-digits": '"' + "9" * 5000 + '"',
    "completion_tokens": "1.5",
    "total_tokens": f'"{MARKER}"',
    "response_cost": "-0.01",
    "response_cost-text": f'"{MARKER}"',
    "response_cost-huge": "1e13",
    "custom_llm_provider": "7",
    "custom_llm_provider-long": '"' + "é" * 300 + '"',
    "call_type": "[]",
    "trace_id": "{}",
    "trace_id-surrogate": r'"\udfff"',
    "session_id-long": '"' + "s" * 300 + '"',
    "session_id-integer": "123456789012345678901234567890",
    "cache_hit": "[]",
    "end_user": '"u\\u0000"',
    "model_group": "123456789012345678901234567890",
    "id": '{"a": "\\ud800"}',
    "unknown-nul": r'"\u0000"',
    "unknown-deep": "[" * 900 + "]" * 900,
}


def call(call_id: str, **members: str | None) -> bytes:
    """A call with members set to the JSON given; None leaves one out."""
    merged = {"litellm_call_id": f'"{call_id}"', "model": '"m"', "status": '"success"', **members}
    return raw({name: value for name, value in merged.items() if value is not None})


def _calls() -> Iterator[Case]:
    for what, item in NO_CALLS.items():
        id = f"litellm-{what}"
        body = b"[%b, %b, %b]" % (call(f"{id}-1"), item, call(f"{id}-2"))
        yield rejected(id, post(body, LITELLM), "", fates="ara")
    for what, model in NO_MODELS.items():
        body = call("x", model=model, litellm_call_id=None)
        yield rejected(f"litellm-model-{what}", post(body, LITELLM), "/model")
    yield rejected("litellm-no-member", post(b"{}", LITELLM), "/model")


def _bodies() -> Iterator[Case]:
    for what, body in NO_JSON.items():
        yield refused(f"litellm-{what}", post(body, LITELLM), 400, "invalid_json")
    for name, kind in (("json", JSON), ("ndjson", NDJSON)):
        for what, line in (
            ("cut-off", b'{"model": "m'),
            ("word", MARKER.encode()),
            ("latin-1", b'"\xe9"'),
            ("deep", b"[" * 5000),
        ):
            id = f"litellm-line-{what}-{name}"
            body = b"\n".join((call(f"{id}-1"), line, call(f"{id}-2")))
            yield rejected(id, post(body, LITELLM, kind), "", "invalid_json", "ara")


def _odd_members() -> Iterator[Case]:
    """Its users cannot mend them: the rest of the call is stored."""
    for what, value in ODD_MEMBERS.items():
        member, id = what.partition("-")[0], f"litellm-{what}"
        yield taken(id, post(call(id, **{member: value}), LITELLM))


CASES = [*_calls(), *_bodies(), *_odd_members()]
