"""The time range of a dashboard, and the interval that Grafana derives from it.

See "Global variables" in Grafana's documentation, and its `rangeUtil.roundInterval`.
"""

from dataclasses import dataclass
from itertools import pairwise

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000

_STEPS = (
    *(1, 10, 20, 50, 100, 200, 500),
    *(seconds * _SECOND for seconds in (1, 2, 5, 10, 15, 20, 30)),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 20, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 7, 30, 365)),
)
_UNTIL = {
    _STEPS[0]: 10,
    12 * _HOUR: _DAY,
    _DAY: 7 * _DAY,
    7 * _DAY: 21 * _DAY,
    30 * _DAY: 42 * _DAY,
}
"""Where Grafana goes to the next step; half-way but for these."""


@dataclass(frozen=True)
class Window:
    """A time range in Unix ms, looked at through a panel `points` wide.

    `scrape_ms` is the setting "Scrape interval" of Prometheus' data source.
    """

    from_ms: int
    to_ms: int
    points: int = 1000
    scrape_ms: int = 15_000

    def interval_ms(self, least_ms: int) -> int:
        """How far apart two points of a series are; `least_ms` is a panel's "Min interval"."""
        return max(_rounded((self.to_ms - self.from_ms) / self.points), least_ms)

    def variables(self, least_ms: int) -> dict[str, str]:
        """Grafana's own variables, for one panel."""
        seconds, interval = round((self.to_ms - self.from_ms) / 1000), self.interval_ms(least_ms)
        return {
            "__from": str(self.from_ms),
            "__to": str(self.to_ms),
            "__interval": shown(interval),
            "__interval_ms": str(interval),
            "__range": f"{seconds}s",
            "__range_s": str(seconds),
            "__range_ms": str(self.to_ms - self.from_ms),
        }

    def rate_interval(self, least_ms: int) -> str:
        """Prometheus' `$__rate_interval`: four scrapes, so that one may fail."""
        return shown(max(4 * self.scrape_ms, self.interval_ms(least_ms) + self.scrape_ms))


def shown(ms: int) -> str:
    """A duration as PromQL takes it, in the largest unit that has it whole."""
    for unit, length in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE), ("s", _SECOND)):
        if ms >= length and ms % length == 0:
            return f"{ms // length}{unit}"
    return f"{ms}ms"


def milliseconds(text: str) -> int:
    """What `shown` shows, read back. Raises ValueError or KeyError."""
    number, unit = text.rstrip("dhms"), text.lstrip("0123456789")
    return int(number) * {"d": _DAY, "h": _HOUR, "m": _MINUTE, "s": _SECOND, "ms": 1}[unit]


def _rounded(ms: float) -> int:
    """The step nearest to `ms`."""
    for step, following in pairwise(_STEPS):
        if ms < _UNTIL.get(step, (step + following) / 2):
            return step
    return _STEPS[-1]
