"""Lifetime counts, moved in the transaction of the rows that they count."""

import sqlite3
from collections.abc import Mapping

_ADD = """
    INSERT INTO totals (name, value) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET value = value + excluded.value
"""


def add_totals(db: sqlite3.Connection, moves: Mapping[str, int]) -> None:
    """Add to each total, by name. Call inside a transaction; raises `sqlite3.Error`."""
    db.executemany(_ADD, moves.items())
