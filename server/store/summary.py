"""What calls took, by provider and model: sums over stored rows. Blocking, for any thread."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from .reader import IS_CALL, NO_USAGE, conditions
from .unpriced import DUE

_TOKENS = (
    *("prompt_tokens", "completion_tokens", "total_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
)
_SUMS = {
    "calls": f"count(*) FILTER (WHERE {IS_CALL})",
    "failed": f"count(*) FILTER (WHERE {IS_CALL} AND status <> 'ok')",
    "no_usage": f"count(*) FILTER (WHERE {NO_USAGE})",
    "unpriced": f"count(*) FILTER (WHERE {DUE})",
    **{name: f"coalesce(sum({name}), 0)" for name in _TOKENS},
    **{
        f"{source}_usd": f"coalesce(sum(cost_usd) FILTER (WHERE cost_source = '{source}'), 0.0)"
        for source in ("reported", "computed")
    },
}
COLUMNS = ("provider", "model", *_SUMS, "no_usage_share")


def sum_up(
    db: sqlite3.Connection,
    filters: Mapping[str, str],
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> list[dict[str, Any]]:
    """A dict of COLUMNS a provider and model, those with most calls first.

    The arguments are as in `reader.find`. `no_usage_share` is of the calls that succeeded. Rows
    that are no calls are in the sums of tokens and costs. Raises `sqlite3.Error`.
    """
    found, values = conditions("trace", filters, since_ms, until_ms)
    where, sums = " AND ".join(found), ", ".join(_SUMS.values())
    sql = f"SELECT provider, model, {sums} FROM llm_traces WHERE {where} GROUP BY 1, 2"  # noqa: S608 our own names
    rows = [dict(zip(COLUMNS, row, strict=False)) for row in db.execute(sql, values)]
    for one in rows:
        one["no_usage_share"] = _share(one)
    return sorted(rows, key=lambda one: (-one["calls"], one["provider"], one["model"]))


def together(sums: list[dict[str, Any]]) -> dict[str, Any]:
    """All of them in one."""
    whole = {name: sum(one[name] for one in sums) for name in _SUMS}
    return {"provider": "all", "model": "", **whole, "no_usage_share": _share(whole)}


def _share(one: dict[str, Any]) -> float | None:
    """Of the calls that succeeded, those without usage; None where none did."""
    succeeded = one["calls"] - one["failed"]
    return one["no_usage"] / succeeded if succeeded else None
