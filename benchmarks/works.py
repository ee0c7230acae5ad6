"""What is sent: kinds of requests, and how many a second."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from .load import calls, spans
from .load.payload import Payload, post, raw

CONNECTIONS = 32


@dataclass(frozen=True)
class Work:
    """So many events of a kind in each request; without a rate as fast as they are answered.

    `key` is the one that variants are given, too; `single` what a bare handler is.
    """

    name: str
    kind: str
    events: int = 1
    rate: float = 0.0
    key: bool = False

    @property
    def single(self) -> bool:
        """Whether a request is one native event."""
        return self.kind == "trace" and self.events == 1

    @cached_property
    def payload(self) -> Payload:
        """One request."""
        return _KINDS[self.kind](self.events)

    @property
    def offered(self) -> str:
        """In words, how it is sent."""
        return f"{self.rate:g} requests/s" if self.rate else "saturated"


def traces(events: int, text_bytes: int = 2048) -> Payload:
    """One native event as it is, more in an array."""
    one = calls.trace(text_bytes)
    return post(one if events == 1 else [one] * events)


_KINDS: dict[str, Callable[[int], Payload]] = {
    "trace": traces,
    "otlp": lambda n: raw(spans.protobuf(n), spans.PROTOBUF, events=n),
    "otlp-json": lambda n: raw(spans.otlp_json(n), "application/json", events=n),
    "litellm": lambda n: post([calls.litellm_call()] * n, "/v1/litellm"),
    "sentry": lambda n: raw(calls.envelope(), "application/x-sentry-envelope", "/api/1/envelope/"),
}

WORKS = (
    Work("one event, 1,500/s", "trace", rate=1500, key=True),
    Work("one event, 300/s", "trace", rate=300),
    Work("one event, saturated", "trace", key=True),
    Work("array of 50, 40/s", "trace", 50, 40, key=True),
    Work("array of 50, saturated", "trace", 50),
    Work("OTLP protobuf, 50 spans, 20/s", "otlp", 50, 20),
    Work("OTLP JSON, 50 spans, 20/s", "otlp-json", 50, 20),
    Work("LiteLLM, batch of 50, 20/s", "litellm", 50, 20),
    Work("Sentry, one error, 300/s", "sentry", rate=300),
)
