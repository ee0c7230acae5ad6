"""The keys of calls: the first of a row's is its `call_key`, the others lead to it in `call_keys`.

Call inside a transaction; all raise `sqlite3.Error`.
"""

import sqlite3
from collections.abc import Iterable

from ...events import Trace
from ..call_numbers import HOUR, numbers

MOST_OF_KEY = 16
"""Rows of one number that are looked at: some servers give the same id to all their answers."""
_LEADING = f"""
    SELECT id FROM llm_traces WHERE call_key IN (:key - {HOUR}, :key, :key + {HOUR})
    UNION SELECT trace FROM call_keys WHERE key IN (:key - {HOUR}, :key, :key + {HOUR})
    ORDER BY 1 DESC LIMIT {MOST_OF_KEY}
"""  # noqa: S608 our own numbers
_ADD = "INSERT OR IGNORE INTO call_keys (key, trace) VALUES (?, ?)"


def rows_of(db: sqlite3.Connection, number: int) -> list[int]:
    """Rows that may have the key of that number too, and arrived about its hour."""
    return [row for (row,) in db.execute(_LEADING, {"key": number})]


def add_keys(db: sqlite3.Connection, reports: Iterable[Trace], row: int) -> None:
    """Let all keys of the reports lead to that row."""
    db.executemany(_ADD, [(key, row) for report in reports for key in numbers(report)])
