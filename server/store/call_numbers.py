"""The keys that name a call, as numbers.

A number begins with the hour of arrival: those of an hour stand together in an index, and a batch
changes few of its pages. Two keys may have one number: who finds a row by it compares the keys.
"""

from collections.abc import Sequence
from zlib import crc32

from ..events import Trace
from ..links import SHARED

HOUR = 1 << 32
"""From a key's number in an hour to that in the next."""
_HOUR_MS = 3_600_000


def number(key: str, ms: int) -> int:
    """Of a key that arrived at `ms` (Unix): 32 bits of a checksum behind the hour."""
    return oldest(ms) | crc32(key.encode())


def oldest(ms: int) -> int:
    """No key that arrives in the hour of `ms` (Unix), or later, has a smaller number."""
    return ms // _HOUR_MS * HOUR


def numbers(report: Trace) -> list[int]:
    """Of all keys that name its call; the first is its row's `call_key`."""
    return [number(key, report.created_at) for key in report.keys or () if key.startswith(SHARED)]


def first_numbers(reports: Sequence[Trace]) -> list[int | None]:
    """The `call_key` of each: NULL for a report without such a key."""
    return [
        number(report.keys[0], report.created_at)
        if report.keys and report.keys[0].startswith(SHARED)
        else next(iter(numbers(report)), None)
        for report in reports
    ]
