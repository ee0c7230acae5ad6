"""What `tokenweir query` shows of rows and totals, and how."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from .table import print_table

Rows = list[dict[str, Any]]

SHOWN = {
    "trace": (
        "id",
        "created_at",
        "provider",
        "model",
        "status",
        "error_type",
        "prompt_tokens",
        "completion_tokens",
        "cost_usd",
        "latency_ms",
        "session_id",
        "trace_id",
    ),
    "error": (
        "id",
        "created_at",
        "severity",
        "error_type",
        "provider",
        "model",
        "session_id",
        "trace_id",
        "message",
    ),
}
"""Columns in a table, by kind."""
TOTALS = (
    *("provider", "model", "calls", "failed", "no_usage", "no_usage_share", "unpriced"),
    *("prompt_tokens", "completion_tokens", "reported_usd", "computed_usd"),
)


def print_rows(columns: Sequence[str], rows: Rows, *, as_json: bool) -> None:
    """As a table of `columns`, or all that is in them as one JSON object a line."""
    if not rows:
        print("no such rows", file=sys.stderr)
    elif as_json:
        for row in rows:
            print(json.dumps(_as_json(row), ensure_ascii=False))
    else:
        print_table(columns, rows)


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    """With metadata as an object, and what is yes or no as that."""
    row = {**row, **{name: bool(row[name]) for name in ("counted", "has_usage") if name in row}}
    if row.get("metadata") is not None:
        row["metadata"] = json.loads(row["metadata"])
    return row
