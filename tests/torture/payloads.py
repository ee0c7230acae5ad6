"""Requests of all shapes, whose rows can be checked: each text has its checksum as session_id."""

import json
import zlib
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple

PROVIDER, POISON = "torture", "poison"
"""The provider of all events; the model of those that the database is made to refuse."""
POISONED = 1 / 400
"""Share of the native traces that are."""
_WORDS = "It looked at the three documents and found no clause on early termination, Größe 12 m². "
_POOL = "".join(f"{number} {_WORDS}" for number in range(400))
_SIZES = (20, 200, 200, 1000, 12_000)
"""Characters of a text; none so long that it is cut."""
JSON, NDJSON = "application/json", "application/x-ndjson"

Member = dict[str, Any]


class Request(NamedTuple):
    """A POST, and of each of its items the kinds of events that it makes."""

    path: str
    media_type: str
    body: bytes
    kinds: Sequence[tuple[str, ...]]

    def accepted(self, answer: Any) -> Iterator[tuple[str, str]]:
        """Kind and event_id of all that the answer says was accepted."""
        for entry, (first, *rest) in zip(answer["events"], self.kinds, strict=True):
            if entry["status"] == "accepted":
                yield first, entry["event_id"]
                yield from ((kind, f"{entry['event_id']}:{kind}") for kind in rest)


def checksum(text: str) -> str:
    """What a row with `text` must have as its session_id."""
    return f"{zlib.crc32(text.encode()):08x}"


class Payloads:
    """Makes requests. The same `random` makes the same ones, ids included."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def single(self) -> Request:
        """One native trace."""
        return self._native("trace", 1)

    def any(self, most: int) -> Request:
        """One to `most` events of any shape."""
        most = min(most, self._random.choice((1, 1, 1, 1, 20, 20, 200, 1000)))
        items = self._random.randint(1, max(most, 1))
        make = self._random.choice((self._native, self._native, self._native, self._gateway))
        return make(self._random.choice(("trace", "trace", "error")), items)

    def _native(self, kind: str, items: int) -> Request:
        make = self._trace if kind == "trace" else self._error
        members = [make(self._size(items)) for _ in range(items)]
        kinds = ["letter" if each.get("model") == POISON else kind for each in members]
        return self._request(f"/v1/{kind}s", members, [(kind,) for kind in kinds])

    def _gateway(self, kind: str, items: int) -> Request:
        failed = [kind == "error" or self._random.random() < 0.3 for _ in range(items)]
        members = [self._call(self._size(items), fails) for fails in failed]
        kinds = [("trace", "error") if fails else ("trace",) for fails in failed]
        return self._request("/v1/litellm", members, kinds)

    def _request(self, path: str, items: list[Member], kinds: Sequence[tuple[str, ...]]) -> Request:
        if self._random.random() < 0.2:
            body = "\n".join(json.dumps(item) for item in items)
            return Request(path, NDJSON, body.encode(), kinds)
        body = json.dumps(items if len(items) > 1 else items[0], ensure_ascii=False)
        return Request(path, JSON, body.encode(), kinds)

    def _trace(self, size: int) -> Member:
        text = self._text(size)
        model = POISON if self._random.random() < POISONED else "m"
        said = {"input_text": "What does it say?", "output_text": text}
        called = {"provider": PROVIDER, "model": model, "session_id": checksum(text)}
        return {**self._own_id("event_id"), **called, **said}

    def _error(self, size: int) -> Member:
        text = self._text(size)
        found = {"error_type": "tool_error", "message": text, "session_id": checksum(text)}
        return {**self._own_id("event_id"), "provider": PROVIDER, **found}

    def _call(self, size: int, fails: bool) -> Member:
        text = self._text(size)
        call = {
            **self._own_id("litellm_call_id"),
            "model": "m",
            "custom_llm_provider": PROVIDER,
            "messages": [{"role": "user", "content": "What does it say?"}],
            "session_id": checksum(text),
        }
        if fails:
            why = {"error_class": "RateLimitError", "error_message": text}
            return {**call, "status": "failure", "error_information": why}
        answer = {"choices": [{"message": {"role": "assistant", "content": text}}]}
        return {**call, "status": "success", "response": answer}

    def _own_id(self, member: str) -> Member:
        """An id of the sender's own, as often as not."""
        return (
            {member: f"own-{self._random.getrandbits(96):x}"} if self._random.random() < 0.5 else {}
        )

    def _size(self, items: int) -> int:
        return self._random.choice(_SIZES if items <= 20 else _SIZES[:3])

    def _text(self, size: int) -> str:
        start = self._random.randrange(len(_POOL) - size)
        return _POOL[start : start + size].strip()
