"""Reports of calls in every order, in every split into batches, again and over restarts."""

import sqlite3
from collections import Counter
from contextlib import closing
from itertools import permutations
from typing import Any

import pytest

from server import links
from server.events import Error
from server.store.joining.changes import Changes
from server.store.joining.stored import Row
from server.store.traffic import Traffic
from server.store.writer import SqliteStore

from .conftest import read_rows
from .reports import NOW, T, error_of, litellm, litellm_span, piece, span, usage
from .told import check_told

UNSEEN = ("id", "created_at", "call_key")

R = (links.response("openai", "chatcmpl-1"),)
TOKENS = {"prompt_tokens": 5, "completion_tokens": 20, "total_tokens": 25}
TURN = (links.turn(T),)
CALL = span("a", input_text=None)
SCENARIOS = {
    "both callbacks of LiteLLM": (
        litellm("x", cost_usd=0.5, session_id="s", keys=R, **TOKENS),
        litellm_span("s", "x", parent="http", keys=R, input_text="hi", output_text="ho"),
    ),
    "a call within a call": (
        span("o", input_text="in"),
        span("c", "o", scope="sdk", started_at=NOW + 1, **TOKENS),
    ),
    "calls within a call": (
        span("o", **TOKENS),
        span("c1", "o", started_at=NOW + 1, prompt_tokens=2),
        span("c2", "o", started_at=NOW + 2, prompt_tokens=3),
    ),
    "a chain": (
        span("o", input_text="in"),
        span("m", "o", started_at=NOW + 1, output_text="out"),
        span("c", "m", started_at=NOW + 2, **TOKENS),
    ),
    "a chain that forks": (
        span("o", input_text="in"),
        span("m", "o", started_at=NOW + 1, **TOKENS),
        span("c1", "m", started_at=NOW + 2, prompt_tokens=2),
        span("c2", "m", started_at=NOW + 3, prompt_tokens=3),
    ),
    "two instrumentations and one answer's id": (
        span("a", trace="1" * 32, scope="one", keys=R, input_text="in", latency_ms=20.0, **TOKENS),
        span("b", trace="2" * 32, scope="two", keys=R, started_at=NOW + 2, session_id="s"),
    ),
    "one answer's id and another time": (
        span("a", trace="1" * 32, scope="one", keys=R, latency_ms=20.0),
        span("b", trace="2" * 32, scope="two", keys=R, started_at=NOW + 60_000),
    ),
    "texts that come apart": (
        CALL,
        piece(CALL, 1, "system", input_text="be brief"),
        piece(CALL, 2, "user", input_text="what?"),
        piece(CALL, 3, "", output_text="that"),
    ),
    "texts of a call that never comes": (piece(CALL, 1, input_text="what?"),),
    "a turn whose call has no tokens": (
        span("c", keys=TURN, scope="openclaw"),
        usage("u", **TOKENS),
    ),
    "a turn whose calls have no tokens": (
        span("c1", keys=TURN, scope="openclaw"),
        span("c2", keys=TURN, scope="openclaw", started_at=NOW + 9),
        usage("u", **TOKENS),
    ),
    "a turn whose calls have tokens": (
        span("c1", keys=TURN, scope="openclaw", prompt_tokens=5),
        span("c2", keys=TURN, scope="openclaw"),
        usage("u", **TOKENS),
    ),
    "a turn without calls": (usage("u", **TOKENS),),
    "a fallback, of one call id": (
        litellm("x", status="error", error_type="E", model="a"),
        litellm_span("sa", "x", trace="1" * 32, status="error", error_type="E", model="a"),
        litellm("x", started_at=NOW + 30, model="b", cost_usd=0.5, **TOKENS),
        litellm_span("sb", "x", trace="2" * 32, started_at=NOW + 30, model="b", **TOKENS),
    ),
    "a fallback, of one call id, where all answers have one": (
        litellm("x", status="error", error_type="E", model="a"),
        litellm_span("sa", "x", trace="1" * 32, status="error", error_type="E", model="a"),
        litellm("x", started_at=NOW + 30, model="b", cost_usd=0.5, keys=R, **TOKENS),
        litellm_span("sb", "x", trace="2" * 32, started_at=NOW + 30, model="b", keys=R, **TOKENS),
    ),
    "attempts that all fail": (
        litellm("x", status="error", error_type="E"),
        litellm_span("sa", "x", status="error", error_type="E"),
        litellm("x", started_at=NOW + 30, status="error", error_type="E"),
        litellm("x", started_at=NOW + 60, status="error", error_type="E"),
    ),
    "an answer of a cache": (
        litellm("x", keys=R, cost_usd=0.5, latency_ms=100.0, **TOKENS),
        litellm_span("s1", "x", trace="1" * 32, keys=R, latency_ms=100.0),
        litellm("y", keys=R, started_at=NOW + 120, cost_usd=0.0, **TOKENS),
        litellm_span("s2", "y", trace="2" * 32, started_at=NOW + 120, keys=R),
    ),
    "a call within one, with other spans between": (
        span("o", input_text="in"),
        span("c", "tool", started_at=NOW + 1, keys=(links.under(f"{T}:o"),), **TOKENS),
    ),
    "a sender, a gateway and its callback": (
        span("client", input_text="in", scope="sdk", keys=R, latency_ms=50.0),
        litellm_span("s", "x", parent="client", started_at=NOW + 3, keys=R, **TOKENS),
        litellm("x", started_at=NOW + 3, cost_usd=0.25, keys=R),
    ),
    "one that bridges two": (
        span("o", input_text="in"),
        span("m", "o", started_at=NOW + 1),
        span("c", "m", started_at=NOW + 2, keys=R, output_text="out"),
        litellm("x", started_at=NOW + 2, keys=R, **TOKENS),
    ),
}  # fmt: skip

TOLD = ("span_id", "prompt_tokens", "cost_usd", "session_id", "input_text", "output_text")
NOTHING = (None, None, None, None)
EXPECTED: dict[str, list[Any]] = {
    "both callbacks of LiteLLM": [("s", 5, 0.5, "s", "hi", "ho")],
    "a call within a call": [("o", 5, None, None, "in", None)],
    "calls within a call": [("c1", 2, *NOTHING), ("c2", 3, *NOTHING)],
    "a chain": [("o", 5, None, None, "in", "out")],
    "a chain that forks": [("c1", 2, *NOTHING), ("c2", 3, *NOTHING)],
    "two instrumentations and one answer's id": [("a", 5, None, "s", "in", None)],
    "one answer's id and another time": [("a", None, *NOTHING), ("b", None, *NOTHING)],
    "texts that come apart": [
        ("a", None, None, None, "system: be brief\n\nuser: what?", "that"),
    ],
    "texts of a call that never comes": [],
    "a turn whose call has no tokens": [("c", 5, *NOTHING)],
    "a turn whose calls have no tokens": [("c1", None, *NOTHING), ("c2", 5, *NOTHING)],
    "a turn whose calls have tokens": [("c1", 5, *NOTHING), ("c2", None, *NOTHING)],
    "a turn without calls": [("u", 5, *NOTHING)],
    "a fallback, of one call id": [
        ("sa", None, *NOTHING), ("sb", 5, 0.5, None, None, None),
    ],
    "a fallback, of one call id, where all answers have one": [
        ("sa", None, *NOTHING), ("sb", 5, 0.5, None, None, None),
    ],
    "attempts that all fail": [
        ("sa", None, *NOTHING), (None, None, *NOTHING), (None, None, *NOTHING),
    ],
    "an answer of a cache": [
        ("s1", 5, 0.5, None, None, None), ("s2", 5, 0.0, None, None, None),
    ],
    "a call within one, with other spans between": [("o", 5, None, None, "in", None)],
    "a sender, a gateway and its callback": [("client", 5, 0.25, None, "in", None)],
    "one that bridges two": [("o", 5, None, None, "in", "out")],
}  # fmt: skip
"""The counted rows of each: what of them is told by TOLD."""


def stored(path):
    """The counted rows, as far as they are the same in whatever order they came."""
    rows = [row for row in read_rows(path, "llm_traces") if row["counted"]]
    seen = [{name: v for name, v in row.items() if name not in UNSEEN} for row in rows]
    for row in seen:
        if row["source"] == "litellm":  # which of several attempts came first is in their ids
            row["event_id"] = row["event_id"].partition(":")[0], row["started_at"]
            row["trace_id"] = None
    return sorted(map(repr, seen))


def fill(path, batches, *, restarts=False):
    """Write these batches, perhaps each with a store of its own; the figures must add up."""
    told = []
    store = SqliteStore(str(path))
    store.open()
    try:
        for batch in batches:
            written = store.write(batch)
            told.append(written.traffic)
            ends = [written.persisted, written.deduplicated, written.merged]
            assert sum(end["trace"] for end in ends) == len(batch), written
            assert min(end["trace"] for end in ends) >= 0, written
            if restarts:
                store.close()
                store.open()
    finally:
        store.close()
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT count(*) FROM llm_traces").fetchone()[0]
        total = db.execute("SELECT value FROM totals WHERE name = 'persisted.trace'").fetchone()
    assert rows == (total[0] if total else 0)
    check_told(path, told)


@pytest.fixture
def same(tmp_path):
    """Store the reports in several ways: the counted rows, which must always be the same."""

    def same(ways):
        found: dict[tuple[str, ...], Any] = {}
        for at, way in enumerate(ways):
            path = tmp_path / f"{at}.db"
            fill(path, way, restarts=not at)
            found.setdefault(tuple(stored(path)), way)
        assert len(found) == 1, "\n\n".join(
            f"{[[one.event_id for one in batch] for batch in way]}\n  " + "\n  ".join(rows)
            for rows, way in found.items()
        )
        return read_counted(path)

    return same


def read_counted(path):
    return [row for row in read_rows(path, "llm_traces") if row["counted"]]


QUICK = ("both callbacks of LiteLLM", "a call within a call", "calls within a call")


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in SCENARIOS]
)
def test_every_order_gives_the_same_rows(name, same):
    orders = list(permutations(SCENARIOS[name]))
    orders = orders[:: max(1, len(orders) // 12)]
    one_by_one = [[[one] for one in order] for order in orders]
    at_once = [[list(order)] for order in orders]
    twice = [[list(order), list(reversed(order))] for order in orders[:3]]
    rows = same([*one_by_one, *at_once, *twice])
    told = [tuple(row[column] for column in TOLD) for row in rows]
    assert sorted(told, key=repr) == sorted(EXPECTED[name], key=repr)


CAUSE = f"{T}:sha256:1"
FAILED = {"status": "error", "error_type": "E"}
FAILURES: dict[str, Any] = {
    "both callbacks of LiteLLM": (
        (S := litellm_span("s", "x", **FAILED), error_of(S)),
        (L := litellm("x", **FAILED), error_of(L, stack_trace="at")),
    ),
    "a call within a call": (
        (A := span("o", **FAILED), error_of(A)),
        (B := span("c", "o", started_at=NOW + 1, **FAILED), error_of(B, provider="openai")),
    ),
    "an exception that another span tells": (
        (S := span("s", **FAILED), error_of(S, keys=(links.cause(CAUSE),))),
        (
            error_of(S, stack_trace="at")._replace(
                event_id=CAUSE, error_type="system_error", message=b"E"
            ),
        ),
    ),
    "attempts of one call id": (
        (L := litellm("x", **FAILED), error_of(L)),
        (L2 := litellm("x", started_at=NOW + 9, **FAILED), error_of(L2, occurred_at=NOW + 9)),
    ),
    "a call that adds up attempts": (
        (SUM := span("o", **FAILED), error_of(SUM)),
        (C1 := span("c1", "o", started_at=NOW + 1, **FAILED), error_of(C1)),
        (C2 := span("c2", "o", started_at=NOW + 9, **FAILED), error_of(C2)),
    ),
}
ERRORS = dict.fromkeys(FAILURES, 1) | dict.fromkeys(
    ("attempts of one call id", "a call that adds up attempts"), 2
)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_one_error_in_every_order(name, tmp_path):
    found: set[str] = set()
    for at, order in enumerate(permutations(FAILURES[name])):
        apart, at_once = [list(group) for group in order], [[e for group in order for e in group]]
        for way, batches in enumerate((apart, at_once, apart * 2)):
            path = tmp_path / f"{at}-{way}.db"
            sums = write(path, batches)
            rows = read_rows(path, "error_events")
            assert sums["persisted"] == len(rows)
            assert sum(sums.values()) == sum(
                isinstance(one, Error) for batch in batches for one in batch
            )
            assert len(rows) == ERRORS[name]
            told = [{n: v for n, v in row.items() if n not in ("id", "created_at")} for row in rows]
            if ERRORS[name] == 1:  # the ids of several say which came first
                found.add(repr(told))
    assert len(found) < 2, "\n".join(found)


def write(path, batches):
    """Write the batches; what became of their errors. The figures must add up."""
    store, sums, traffics = SqliteStore(str(path)), Counter[str](), []
    store.open()
    for batch in batches:
        written = store.write(batch)
        traffics.append(written.traffic)
        for outcome in ("persisted", "deduplicated", "merged"):
            sums[outcome] += getattr(written, outcome)["error"]
    store.close()
    check_told(path, traffics)
    return sums


def test_a_row_that_counts_for_a_moment_within_a_transaction_takes_nothing_back():
    changes, traffic = Changes(2, {}), Traffic()
    changes.set(1, CALL, Row(1, False, CALL))  # as one of two families that are too large has it
    changes.set(1, None, Row(1, True, CALL))
    changes.tell(traffic)
    assert not any(any(usage.sums) for usage in traffic.calls.values())
