"""What a transaction changes about calls and failures, by what metrics tell them apart."""

from collections import Counter
from operator import attrgetter

from ..events import TURN_USAGE, Trace
from .unpriced import is_unpriced

_values = attrgetter(
    *("prompt_tokens", "completion_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    "cost_usd",
)
OUTCOMES, UNPRICED, TOKENS, COST = 0, 2, 3, 8
"""Where these begin in `Usage.sums`."""


class Usage:
    """The calls of one provider and model: what came, less what was taken back."""

    __slots__ = ("first_tokens", "latencies", "rows", "sums")
    SIZE = COST + 1

    def __init__(self) -> None:
        self.rows = 0
        """Of whatever kind: how often its names were seen."""
        self.sums: list[float] = [0] * self.SIZE
        """Calls that succeeded, that failed, that have tokens and no cost; then tokens of prompts,
        of answers, read from a cache, written to one, of reasoning; and US dollars."""
        self.latencies: list[float] = []
        self.first_tokens: list[float] = []
        """In ms, of calls that told none before; nothing is taken back."""

    def add(self, row: Trace, times: int) -> None:
        """A row that is there now; `times` is -1 for one that is so no more."""
        sums = self.sums
        if row.operation != TURN_USAGE:
            sums[OUTCOMES + (row.status != "ok")] += times
        if is_unpriced(row):
            sums[UNPRICED] += times
        for at, value in enumerate(_values(row), TOKENS):
            if value:
                sums[at] += times * value

    def time(self, was: Trace | None, now: Trace) -> None:
        """A row that was otherwise before, or not there."""
        if now.operation == TURN_USAGE:
            return
        if now.latency_ms is not None and (was is None or was.latency_ms is None):
            self.latencies.append(now.latency_ms)
        first = now.time_to_first_token_ms
        if first is not None and (was is None or was.time_to_first_token_ms is None):
            self.first_tokens.append(first)


class Traffic:
    """Adds up to what the rows say: a call that is told again counts once, as it is told last."""

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str], Usage] = {}
        """By provider and model."""
        self.failures: Counter[str] = Counter()
        """Rows by error_type."""

    def row(self, was: Trace | None, now: Trace | None) -> None:
        """A call's row as it counted before the transaction, and as it counts now."""
        if was is not None:
            self.of(was.provider, was.model).add(was, -1)
        if now is not None:
            usage = self.of(now.provider, now.model)
            usage.rows += was is None
            usage.add(now, 1)
            usage.time(was, now)

    def of(self, provider: str, model: str) -> Usage:
        """The usage of a model, which is there from then on."""
        usage = self.calls.get((provider, model))
        if usage is None:
            usage = self.calls[provider, model] = Usage()
        return usage

    def paid(self, provider: str, model: str, cost_usd: float, unpriced: int) -> None:
        """Calls whose costs a metric tells: the sum of what they had, and how many had none."""
        sums = self.of(provider, model).sums
        sums[COST] -= cost_usd
        sums[UNPRICED] -= unpriced
