"""What transactions told of calls and failures, beside what the rows say by now."""

import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from server.store.unpriced import DUE

_CALL = "operation IS NOT 'turn_usage'"
_ROWS = f"""
    SELECT provider, model, count(*) FILTER (WHERE {_CALL} AND status = 'ok'),
        count(*) FILTER (WHERE {_CALL} AND status <> 'ok'), count(*) FILTER (WHERE {DUE}),
        total(prompt_tokens), total(completion_tokens), total(cache_read_tokens),
        total(cache_write_tokens), total(reasoning_tokens), total(cost_usd)
    FROM llm_traces WHERE counted GROUP BY provider, model
"""


def check_told(path, traffics):
    """Assert that `traffics`, of all transactions, add up to the rows of the database."""
    told: dict[tuple[str, str], list[float]] = {}
    failures: Counter[str] = Counter()
    for traffic in traffics:
        failures.update(traffic.failures)
        for pair, usage in traffic.calls.items():
            before = told.get(pair, [0] * len(usage.sums))
            told[pair] = [a + b for a, b in zip(before, usage.sums, strict=True)]
    with closing(sqlite3.connect(path)) as db:
        rows = {(provider, model): sums for provider, model, *sums in db.execute(_ROWS)}
        types = dict(db.execute("SELECT error_type, count(*) FROM error_events GROUP BY 1"))
    for pair, sums in told.items():
        assert sums == pytest.approx(rows.pop(pair, [0] * len(sums)), abs=1e-9), pair
    assert not rows
    assert +failures == types
    assert not -failures
