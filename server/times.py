"""Times as they are stored: integer Unix milliseconds."""

import re
import time
from datetime import UTC, datetime

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:[0-5][0-9])"
)
MIN_MS = 10**11
"""Below, an integer is taken for seconds, a sender's mistake."""
MAX_MS = 253_402_300_799_999
"""The end of the year 9999, the last that RFC 3339 can write."""


def now_ms() -> int:
    """The wall clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def parse_rfc3339(text: str) -> int:
    """Unix milliseconds of an RFC 3339 date-time from 1970 on. Raises ValueError for all else."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("no RFC 3339 date-time with an offset")
    if text[17:19] == "60":  # a leap second, which RFC 3339 allows and Unix time does not have
        text = text[:17] + "59" + text[19:]
    try:
        ms = round(datetime.fromisoformat(text.upper()).timestamp() * 1000)
    except ValueError:
        raise ValueError("no such date, time or offset") from None
    if not 0 <= ms <= MAX_MS:
        raise ValueError("outside the years 1970 to 9999")
    return ms


def format_rfc3339(ms: int) -> str:
    """Unix milliseconds as an RFC 3339 date-time in UTC, to the millisecond."""
    return (
        datetime.fromtimestamp(ms / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
