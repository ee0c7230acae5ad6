"""Numbers in the units of Grafana, as it shows them: "Standard options" in its documentation."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

Unit = Callable[[float, int | None], str]
"""Takes the number and how many decimals it is to have, or None."""

_THOUSANDS = ("", " K", " Mil", " Bil", " Tri")
_COUNTS = ("", "K", "M", "B", "T")
_BYTES = (" B", " KiB", " MiB", " GiB", " TiB")
_DAY = 86_400
_SECONDS = (
    *((365 * _DAY, " years"), (7 * _DAY, " weeks"), (_DAY, " days")),
    *((3600, " hours"), (60, " mins"), (1, " s")),
    *((1e-3, " ms"), (1e-6, " µs"), (1e-9, " ns")),
)


def shown(value: float, unit: str, decimals: int | None = None) -> str:
    """The number with its unit. Raises KeyError for a unit that no dashboard of ours has."""
    return _UNITS[unit](value, decimals)


def _fixed(value: float, decimals: int | None) -> str:
    """As many decimals as asked for, or as tell three digits."""
    if decimals is not None:
        return f"{value:.{decimals}f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _scaled(base: int, names: tuple[str, ...], after: str = "") -> Unit:
    def unit(value: float, decimals: int | None) -> str:
        power = math.floor(math.log(abs(value), base) + 1e-9) if value else 0
        power = min(max(power, 0), len(names) - 1)
        return _fixed(value / base**power, decimals) + names[power] + after

    return unit


def _seconds(value: float, decimals: int | None) -> str:
    fitting = (one for one in _SECONDS if abs(value) >= one[0])
    length, name = next(fitting, (1, " s"))
    return _fixed(value / length, decimals) + name


def _dollars(value: float, decimals: int | None) -> str:
    return "-" * (value < 0) + "$" + _scaled(1000, _COUNTS)(abs(value), decimals)


def _moment(value: float, _: int | None) -> str:
    return datetime.fromtimestamp(value / 1000, UTC).strftime("%m-%d %H:%M:%S")


_UNITS: dict[str, Unit] = {
    "none": _fixed,
    "locale": lambda value, _: f"{value:,.0f}",
    "short": _scaled(1000, _THOUSANDS),
    "bytes": _scaled(1024, _BYTES),
    "eps": _scaled(1000, _COUNTS, " evt/s"),
    "reqps": _scaled(1000, _COUNTS, " req/s"),
    "ops": _scaled(1000, _COUNTS, " ops/s"),
    "s": _seconds,
    "ms": lambda value, decimals: _seconds(value / 1000, decimals),
    "percentunit": lambda value, decimals: _fixed(value * 100, decimals) + "%",
    "currencyUSD": _dollars,
    "time:MM-DD HH:mm:ss": _moment,
}
