"""Rows as a table for a terminal."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..times import format_rfc3339

_MAX_WIDTH = 40


def print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print one line a row under a head, cut to the terminal's width where there is one.

    Long values are cut, control characters shown as dots.
    """
    cells = [[_cell(name, row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    numbers = [any(_is_number(name, row[name]) for row in rows) for name in columns]
    for line in [columns, *cells]:
        aligned = (_align(cell, widths[i], numbers[i]) for i, cell in enumerate(line))
        print("  ".join(aligned).rstrip()[:width])


def printable(text: str) -> str:
    """`text` on one line: what a sender wrote must not steer the terminal."""
    return "".join(c if c.isprintable() else "·" for c in text)


def _align(cell: str, width: int, is_number: bool) -> str:
    return cell.rjust(width) if is_number else cell.ljust(width)


def _is_number(column: str, value: Any) -> bool:
    return not column.endswith("_at") and isinstance(value, int | float)


def _cell(column: str, value: Any) -> str:
    if value is None:
        return "-"
    if column.endswith("_at"):
        return format_rfc3339(value)
    if isinstance(value, float):
        if column.endswith("_usd"):
            return _cost(value)
        return f"{value:.1%}" if column.endswith("_share") else f"{value:.1f}"
    text = printable(str(value)[: _MAX_WIDTH + 1])
    return text if len(text) <= _MAX_WIDTH else text[: _MAX_WIDTH - 1] + "…"


def _cost(usd: float) -> str:
    """Six decimals, or two digits of what would show as nothing."""
    return f"{usd:.6f}" if usd == 0 or usd >= 1e-6 else f"{usd:.1e}"
