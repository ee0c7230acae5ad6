"""The values that travel: Events on their way to the store, Rejecteds on their way back.

An Event is one row of its table, ready to bind: its fields are the columns, in their order, and
behind them the keys that tie it to others (`links.py`).
Long texts are held as UTF-8, since Python would keep a text with one emoji at four bytes a
character. Only `normalise.py` makes Events, and it checks that they can be stored.
"""

from typing import NamedTuple


class Trace(NamedTuple):
    """One model call: a row of `llm_traces`. Times in Unix ms, durations in ms."""

    event_id: str
    trace_id: str
    span_id: str | None
    parent_span_id: str | None
    created_at: int
    started_at: int | None
    source: str
    provider: str
    model: str
    operation: str | None
    status: str
    error_type: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: float | None
    cost_source: str | None
    latency_ms: float | None
    time_to_first_token_ms: float | None
    session_id: str | None
    agent: str | None
    metadata: bytes | None
    input_text: bytes | None
    output_text: bytes | None
    keys: tuple[str, ...] | None = None
    """Not a column: what ties this report of a call to other reports of it."""

    @property
    def kind(self) -> str:
        return "trace"


class Error(NamedTuple):
    """One failure: a row of `error_events`. Times in Unix ms."""

    event_id: str
    trace_id: str
    span_id: str | None
    created_at: int
    occurred_at: int | None
    source: str
    error_type: str
    severity: str
    provider: str | None
    model: str | None
    session_id: str | None
    agent: str | None
    metadata: bytes | None
    message: bytes
    stack_trace: bytes | None
    keys: tuple[str, ...] | None = None
    """Not a column: what ties this report of a failure to other reports of it."""

    @property
    def kind(self) -> str:
        return "error"


Event = Trace | Error
IDS = frozenset(("event_id", "trace_id", "span_id", "parent_span_id", "session_id"))
"""The fields by which events are told apart and grouped."""
UTF8 = frozenset(("metadata", "input_text", "output_text", "message", "stack_trace"))
"""The fields that hold a text as its UTF-8."""
Group = tuple[Event, ...]
"""The Events of one item: offered together, so all are accepted or none is."""

EVENTS: dict[str, type[Trace] | type[Error]] = {"trace": Trace, "error": Error}
KINDS = tuple(EVENTS)
COLUMNS = {kind: event._fields[:-1] for kind, event in EVENTS.items()}
"""Of each kind's table, as far as Events fill them."""
TURN_USAGE = "turn_usage"
"""Operation of a row that adds up a turn's calls, or tells the tokens or the cost of calls whose
own rows do not: they count, it is no call itself."""
MAX_INTEGER = 2**63 - 1
"""The largest that SQLite's INTEGER holds."""
MAX_NAME = 256
"""Characters of a name or an id."""
MAX_MESSAGE = 300
"""Characters of a message in an answer."""


class Rejected(NamedTuple):
    """An item that is no valid event, and why. `path` is a JSON Pointer into the item."""

    kind: str
    reason: str
    path: str
    message: str


class Skipped(NamedTuple):
    """An item that is well-formed, and tells of nothing that is stored here."""

    reason: str
    event_id: str | None = None
    """By which its sender knows it, where it is answered with that."""


Item = Group | Rejected | Skipped
"""What a receiver makes of one item of a request."""


class Invalid(Exception):
    """Raised where an item turns out not to be a valid event."""

    def __init__(self, reason: str, path: str, message: str) -> None:
        super().__init__(reason, path, message)
        self.reason, self.path, self.message = reason, path, message

    def rejected(self, kind: str) -> Rejected:
        """The item as an answer tells of it."""
        return Rejected(kind, self.reason, self.path, self.message)
