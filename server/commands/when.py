"""Times on the command line."""

import re

from ..failure import Failure
from ..times import MIN_MS, now_ms, parse_rfc3339

TIMES = "30m, 2h or 7d (ago), a date, an RFC 3339 date-time, or Unix milliseconds"
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def moment(text: str | None, option: str) -> int | None:
    """Unix milliseconds of a time, one of TIMES. Raises `Failure`, naming `option`."""
    if text is None:
        return None
    if ago := re.fullmatch(r"(\d+)([smhd])", text):
        return now_ms() - int(ago[1]) * _UNITS_MS[ago[2]]
    if text.isdecimal() and int(text) >= MIN_MS:
        return int(text)
    try:
        is_date = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)
        return parse_rfc3339(f"{text}T00:00:00Z" if is_date else text)
    except ValueError:
        wanted = "30m, 2h, 7d, a date, an RFC 3339 date-time with an offset, or Unix milliseconds"
        raise Failure(f"{option} must be {wanted}, not {text!r}", status=2) from None
