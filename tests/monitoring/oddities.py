"""Requests that move what ordinary traffic does not: refused, skipped, repeated, unpriced, new."""

from collections.abc import Iterator, Mapping

from .. import envelopes, otlp
from ..holders import WRONG, bearer
from .client import JSON

Request = tuple[str, object, Mapping[str, str], int]
"""A path, a body, headers, and the status of the answer."""

MOST_BYTES = 500_000
"""The largest body that the service is to take."""
POISON = "poison"
"""A model that a staged database refuses to store."""
CALL = {"provider": "openai", "model": "gpt-4o-mini", "status": "ok"}
POISONED = CALL | {"model": POISON}
_PROTOBUF = {"Content-Type": otlp.PROTOBUF}
_LINES = {"Content-Type": "application/x-ndjson"}
_SECRET = "the key is sk-" + "a1B2c3D4" * 6


def refused() -> Iterator[Request]:
    """What senders do wrong, each in another way."""
    yield "/v1/traces", b"{", JSON, 400
    yield "/v1/traces", {"provider": "openai"}, JSON, 400
    yield "/v1/errors", {"error_type": "none of ours"}, JSON, 400
    yield "/v1/traces", b'{"provider": "openai", "model": "gpt-4o"}\n{\n', _LINES, 202
    yield "/v1/traces", b"a,b\n", {"Content-Type": "text/csv"}, 415
    yield "/v1/traces", b" " * (MOST_BYTES + 1), JSON, 413
    yield "/v1/traces", CALL, {**JSON, **bearer(WRONG)}, 401
    yield "/v1/traces", b"no gzip", {**JSON, "Content-Encoding": "gzip"}, 400
    yield "/v1/traces", b"\xff\xff", _PROTOBUF, 400
    yield "/v1/logs", b"{", JSON, 400
    yield "/v1/nothing", CALL, JSON, 404
    yield "/metrics", b"", {}, 405


def special(turn: int) -> Iterator[Request]:
    """Calls and errors of every receiver, with what only some calls have; `turn` numbers them."""
    yield "/v1/traces", [CALL | {"event_id": "again"}] * 2, JSON, 202
    yield "/v1/traces", CALL | {"input_text": _SECRET}, JSON, 202
    yield "/v1/traces", CALL | {"provider": "acme", "model": f"m-{turn}"} | _used(turn), JSON, 202
    yield "/v1/traces", otlp.packed([_streamed(turn), _tool(turn)], otlp.PROTOBUF), _PROTOBUF, 200
    yield "/v1/logs", otlp.packed(_records(), otlp.PROTOBUF, "logs"), _PROTOBUF, 200
    yield "/v1/metrics", otlp.packed(_spent(turn), otlp.PROTOBUF, "metrics"), _PROTOBUF, 200
    event = envelopes.event(envelopes.raised(), event_id=f"{turn:032x}")
    yield envelopes.PATH, envelopes.envelope(envelopes.item(event)), {}, 200


def full() -> Iterator[Request]:
    """What finds no room in a queue that is full: dropped, or sent back to be tried again."""
    yield "/v1/traces", [CALL] * 500, JSON, 202
    yield "/v1/errors", [{"error_type": "crash", "message": "no room"}] * 50, JSON, 202
    yield "/v1/traces", otlp.packed([otlp.call(1)], otlp.PROTOBUF), _PROTOBUF, 503


def _used(turn: int) -> dict[str, object]:
    """Tokens of all kinds."""
    kinds = {"cache_read": 60, "cache_write": 10, "reasoning": 20}
    return {
        "prompt_tokens": 100 + turn,
        "completion_tokens": 50,
        **{f"{kind}_tokens": count for kind, count in kinds.items()},
    }


def _streamed(turn: int) -> object:
    said = {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.response.time_to_first_chunk": 0.25,
    }
    return otlp.call(2 * turn + 1000, said)


def _tool(turn: int) -> object:
    return otlp.tool(2 * turn + 1001)


def _records() -> list[object]:
    return [otlp.record("the tool failed", number=17), otlp.record("hello", number=5)]


def _spent(turn: int) -> list[object]:
    return [otlp.cost((0.01 * (turn + 1), turn / 60)), otlp.metric()]
