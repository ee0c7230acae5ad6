"""Every setting: its default, unit, help and check. Adding one is one line."""

import math
from dataclasses import Field, dataclass, field, fields
from typing import Any

from .model_names import AUTO, listed

QUEUES_STORED = 4
"""What is queued is in the journal, then in the write-ahead log, then in the database as well."""


def setting(default: Any, help: str, **checks: Any) -> Any:
    """A field of Config. Checks: at_least, at_most (numbers), choices (words)."""
    return field(default=default, metadata={"help": help, **checks})


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one service. Raises ValueError, naming the setting, for a bad value.

    QUEUES_STORED times `queue_bytes` must fit into `max_storage_bytes`.
    """

    address: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(4318, "port to listen on; 0 takes a free one", at_least=0, at_most=65535)
    db: str = setting("./tokenweir.db", "SQLite file that events are stored in")
    queue_events: int = setting(
        10_000, "events held in memory before new ones are dropped", at_least=1
    )
    queue_bytes: int = setting(
        64 * 2**20, "bytes of events held in memory before new ones are dropped", at_least=1
    )
    batch_events: int = setting(500, "most events in one write transaction", at_least=1)
    max_body_bytes: int = setting(32 * 2**20, "largest request body", at_least=1)
    max_bodies_bytes: int = setting(
        64 * 2**20, "bytes of unfinished request bodies over all connections", at_least=1
    )
    max_connections: int = setting(1024, "most connections at a time", at_least=1)
    max_request_events: int = setting(1000, "most events in one request", at_least=1)
    max_request_spans: int = setting(
        10_000, "most spans, log records or metrics in one OTLP request", at_least=1
    )
    max_text_bytes: int = setting(
        16 * 2**10, "bytes of UTF-8 kept of each text; the rest is cut", at_least=4, at_most=2**26
    )
    max_metadata_bytes: int = setting(
        64 * 2**10, "bytes of JSON kept of an event's metadata", at_least=256, at_most=2**26
    )
    max_dead_letters: int = setting(
        1000, "refused events kept as dead letters; 0 keeps none", at_least=0, at_most=10_000
    )
    max_header_bytes: int = setting(64 * 2**10, "largest request head", at_least=1024)
    body_timeout_seconds: float = setting(
        10.0,
        "longest wait for a request's head, and then for its body",
        at_least=0.1,
        at_most=86_400,
    )
    http: str = setting(
        "lean",
        "HTTP layer: our own, or Tornado's, over which one event a POST takes 1.6 times the CPU",
        choices=("lean", "tornado"),
    )
    idle_timeout_seconds: float = setting(
        60.0, "idle time after which a connection is closed", at_least=0.1, at_most=86_400
    )
    drain_seconds: float = setting(
        10.0, "longest wait at shutdown for the queue to be written", at_least=0, at_most=86_400
    )
    journal: str = setting(
        "inline",
        "who writes what is accepted to the journal before it is answered: the event loop, or a "
        "thread for disks that freeze; off: nobody",
        choices=("inline", "thread", "off"),
    )
    journal_sync: str = setting(
        "off",
        "when the journal is forced to the disk itself: never, each second, or before each answer",
        choices=("off", "interval", "always"),
    )
    ingest_keys_file: str = setting(
        "", "file of the keys that may send events, one name:sha256 a line; none: nobody needs one"
    )
    read_keys_file: str = setting(
        "", "file of the keys that may read /metrics; none: nobody needs one"
    )
    allow_anonymous: bool = setting(
        False, "listen beyond loopback although no key is needed to send"
    )
    capture: str = setting("full", "texts to store: all, or none", choices=("full", "none"))
    redact: bool = setting(True, "scrub credentials before anything is stored")
    redact_patterns_file: str = setting(
        "", "file of further patterns to scrub, one name:RE2-pattern a line"
    )
    compute_costs: bool = setting(
        True, "compute what a call cost from its tokens, where its sender does not say"
    )
    retention_days: float = setting(
        30.0, "days after which rows are deleted; 0: never", at_least=0, at_most=36_500
    )
    text_retention_days: float = setting(
        7.0, "days after which the texts of rows are deleted; 0: never", at_least=0, at_most=36_500
    )
    max_storage_bytes: int = setting(
        10 * 2**30,
        "bytes of database, write-ahead log and journal above which the oldest rows and dead "
        "letters are deleted; "
        "0: no limit",
        at_least=0,
    )
    model_metrics: str = setting(
        AUTO,
        "models that metrics tell apart: auto, the first 10 that are seen; a list of "
        "provider/model,...; or off",
    )
    log_level: str = setting(
        "info", "least severe level to log", choices=("debug", "info", "warning", "error")
    )
    log_format: str = setting("text", "format of log lines on stderr", choices=("text", "json"))
    revision: str = setting("unknown", "source revision, shown in tokenweir_build_info")

    def __post_init__(self) -> None:
        for one in fields(self):
            check(one, getattr(self, one.name))
        listed(self.model_metrics)
        if 0 < self.max_storage_bytes < QUEUES_STORED * self.queue_bytes:
            raise ValueError(
                f"max_storage_bytes must be at least {QUEUES_STORED} times queue_bytes, "
                f"{QUEUES_STORED * self.queue_bytes}"
            )


def check(one: "Field[Any]", value: Any) -> None:
    """Raises ValueError, naming the setting, where `value` is none that it may have."""
    limits = one.metadata
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{one.name} must be a number")
    if "at_least" in limits and value < limits["at_least"]:
        raise ValueError(f"{one.name} must be at least {limits['at_least']}")
    if "at_most" in limits and value > limits["at_most"]:
        raise ValueError(f"{one.name} must be at most {limits['at_most']}")
    if "choices" in limits and value not in limits["choices"]:
        raise ValueError(f"{one.name} must be one of {', '.join(limits['choices'])}")
    if isinstance(value, str) and not value and one.default:
        raise ValueError(f"{one.name} must have a value")
