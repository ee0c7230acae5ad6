"""Calls that nobody would think of, told by several reports in any order: each is one row."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import links

from .reports import NOW, T, litellm, litellm_span, piece, span
from .test_joins import fill, read_counted

CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "chain": st.integers(0, 2),  # calls within it that are the same
            "twin": st.booleans(),  # another instrumentation, in a trace of its own
            "callback": st.booleans(),  # of LiteLLM
            "texts": st.integers(0, 2),  # log records
            "teller": st.integers(0, 9),  # which of its reports has the tokens
        }
    ),
    min_size=1,
    max_size=3,
)


def reports_of(number, call, parent):
    """The reports of a call, which has tokens, a cost and texts that no other has."""
    trace, start = T if parent else f"{number}{'0' * 31}", NOW + 10 * number
    key = (links.response("openai", f"chatcmpl-{number}"),)
    inner = {"trace": trace, "latency_ms": 5.0}
    outer = {"parent": parent, "started_at": start, "keys": key, **inner}
    told = [
        litellm_span(f"{number}", f"x{number}", **outer)
        if call["callback"]
        else span(f"{number}", scope="a", **outer)
    ]
    for depth in range(call["chain"]):
        under = f"{number}{'i' * depth}"
        told.append(span(f"{under}i", under, scope=f"i{depth}", started_at=start + depth, **inner))
    if call["twin"]:
        other = f"{number}{'f' * 31}"
        told.append(span(f"{number}", trace=other, scope="b", started_at=start + 1, keys=key))
    if call["callback"]:
        told.append(litellm(f"x{number}", started_at=start, keys=key, latency_ms=5.0))
    at = call["teller"] % len(told)
    told[at] = told[at]._replace(prompt_tokens=100 + number, cost_usd=(1 + number) / 8)
    return told + [piece(told[0], n, input_text=f"{number}-{n}") for n in range(call["texts"])]


def expected(number, call):
    texts = [f"{number}-{n}" for n in range(call["texts"])]
    together = "\n\n".join(f"user: {text}" for text in texts) if len(texts) > 1 else "".join(texts)
    return (str(number), 100 + number, (1 + number) / 8, together or None)


GIVEN = given(CALLS, st.booleans(), st.booleans(), st.randoms(use_true_random=False))


@settings(max_examples=10, deadline=None, derandomize=True)
@GIVEN
def test_a_call_is_one_row_however_its_reports_come(calls, summed, restarts, random):
    is_one_row_each(calls, summed, restarts, random)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, derandomize=True)
@GIVEN
def test_of_a_hundred_each_call_is_one_row(calls, summed, restarts, random):
    is_one_row_each(calls, summed, restarts, random)


def is_one_row_each(calls, summed, restarts, random):
    summed = summed and len(calls) > 1
    parent = "sum" if summed else None
    told = [one for n, call in enumerate(calls) for one in reports_of(n, call, parent)]
    if summed:  # it only adds the others up
        told.append(span("sum", prompt_tokens=999, cost_usd=9.0))
    random.shuffle(told)
    told += random.sample(told, random.randint(0, len(told)))
    batches: list[list[Any]] = []
    while told:
        size = random.randint(1, len(told))
        batches, told = [*batches, told[:size]], told[size:]
    room = Path(tempfile.mkdtemp())
    try:
        fill(room / "t.db", batches, restarts=restarts)
        rows = read_counted(room / "t.db")
    finally:
        shutil.rmtree(room)
    columns = ("span_id", "prompt_tokens", "cost_usd", "input_text")
    found = sorted(tuple(row[name] for name in columns) for row in rows)
    assert found == [expected(number, call) for number, call in enumerate(calls)]
