"""LiteLLM's library, unchanged, with both of its callbacks on, against the real process."""

import os
import re
import subprocess
import sys
from collections import Counter
from typing import NamedTuple

import pytest

from .conftest import read_rows
from .ledger import balances, sums_shown
from .process import serving, wait_until
from .stub_model import stub_model

pytestmark = [pytest.mark.both_layers, pytest.mark.slow]

MANY, ALONE = 20, "gpt-4.1-mini"
"""As in litellm_program.py."""
PRICES = {
    "gpt-4o-mini": (0.15e-6, 0.6e-6),
    ALONE: (0.4e-6, 1.6e-6),
    "gpt-4o": (2.5e-6, 10e-6),
    "claude-sonnet-4-5": (3e-6, 15e-6),
    "text-embedding-3-small": (0.02e-6, 0),
}
"""Of a token that goes in, and of one that comes out; in LiteLLM, which reports the cost."""


class Call(NamedTuple):
    """What is to be stored of a call; `error_type` of one that failed."""

    tag: str
    prompt: int | None = 11
    completion: int | None = 7
    model: str = "gpt-4o-mini"
    error_type: str | None = None
    free: bool = False

    @property
    def cost(self):
        if self.prompt is None or self.completion is None:
            return None
        asked, answered = PRICES[self.model]
        return 0.0 if self.free else self.prompt * asked + self.completion * answered


def failed(tag, error_type, model="gpt-4o-mini"):
    return Call(tag, None, None, model, error_type)


COUNTED = (13, 7)
"""Tokens of a stream that does not say: LiteLLM counts them itself."""
CALLS = [
    Call("plain"),
    Call("tools"),
    Call("anthropic", model="claude-sonnet-4-5"),
    Call("messages", model="claude-sonnet-4-5"),
    Call("stream", *COUNTED),
    Call("stream with usage"),
    Call("cut", 13, 3, error_type="ReadError"),
    failed("limited", "RateLimitError"),
    failed("broken", "InternalServerError"),
    failed("locked", "AuthenticationError"),
    failed("garbled", "InternalServerError"),
    failed("silent", "Timeout"),
    Call("retried"),  # LiteLLM does not tell of the attempt before
    failed("fallen back", "RateLimitError"),
    Call("fallen back", model="gpt-4o"),
    failed("routed", "RateLimitError"),
    Call("routed"),
    Call("cached"),
    Call("cached", free=True),
    Call("cached stream", *COUNTED),
    Call("cached stream", *COUNTED, free=True),
    Call("cached embedding", 5, 0, "text-embedding-3-small"),
    Call("cached embedding", 5, 0, "text-embedding-3-small", free=True),
    *[Call("many")] * MANY,
]
PLAINLY = [
    Call(ALONE, model=ALONE),
    Call(ALONE, *COUNTED, model=ALONE),
    failed(ALONE, "RateLimitError", ALONE),
]
"""Only the callback of OpenTelemetry tells of these, without their tags."""
TOLD = 2 * len(CALLS) + len(PLAINLY)


@pytest.fixture(scope="module")
def asked(layer, tmp_path_factory):
    """The rows of calls and errors of the program, and the sums of the ledger."""
    room = tmp_path_factory.mktemp("litellm")
    database = str(room / "t.db")
    with serving(database) as server, stub_model() as model:
        ask(server, model, room / "said")
        wait_until(lambda: server.metric("tokenweir_queue_events") == 0, "an empty queue")
        sums = sums_shown(server)
        status, said = server.stop()
        assert (status, re.findall("WARNING|ERROR|Traceback", said)) == (0, []), said
    return read_rows(database, "llm_traces"), read_rows(database, "error_events"), sums


def ask(server, model, log):
    """Run the program until all that it has to tell has arrived."""
    environment = {
        **os.environ,
        "GENERIC_LOGGER_ENDPOINT": f"{server.url}/v1/litellm",
        "OTEL_EXPORTER": "otlp_http",
        "OTEL_EXPORTER_OTLP_ENDPOINT": server.url,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # its prices, without asking the network
    }
    command = (sys.executable, "-m", "tests.litellm_program", model)
    with log.open("w") as said:
        program = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=said, stderr=said
        )
        try:
            wait_until(lambda: arrived(server) >= TOLD or program.poll(), "its reports", 90)
        finally:
            program.communicate(timeout=30)
    assert program.returncode == 0, log.read_text()


def arrived(server):
    return server.metric('tokenweir_events_accepted_total{kind="trace"')


def tag_of(row):
    return ((row["metadata"] or {}).get("tags") or [row["model"]])[0]


def told(row):
    """What a row says of its call, to compare with the one expected."""
    tokens = (row["prompt_tokens"], row["completion_tokens"])
    cost = None if row["cost_usd"] is None else round(row["cost_usd"], 12)
    return tag_of(row), row["model"], row["status"], row["error_type"], tokens, cost


def expected(call):
    status = "error" if call.error_type else "ok"
    tokens = (call.prompt, call.completion)
    cost = None if call.cost is None else round(call.cost, 12)
    return call.tag, call.model, status, call.error_type, tokens, cost


def test_each_call_is_one_row_with_its_tokens_and_its_cost(asked):
    calls, _, _ = asked
    rows = Counter(told(row) for row in calls if row["counted"])
    assert rows == Counter(map(expected, CALLS + PLAINLY))


def test_each_failure_is_one_error(asked):
    _, errors, _ = asked
    rows = Counter((row["model"], row["metadata"]["exception_type"]) for row in errors)
    failures = [call for call in CALLS + PLAINLY if call.error_type]
    assert rows == Counter((call.model, call.error_type) for call in failures)
    assert {row["error_type"] for row in errors} == {"llm_error"}


def test_the_cost_is_what_litellm_says_in_all(asked):
    calls, _, _ = asked
    costs = [row["cost_usd"] or 0 for row in calls if row["counted"]]
    assert sum(costs) == pytest.approx(sum(call.cost or 0 for call in CALLS + PLAINLY))
    priced = {row["cost_source"] for row in calls if row["cost_usd"] is not None}
    assert priced == {"reported"}


def test_each_answer_is_with_its_question(asked):
    calls, _, _ = asked
    for row in calls:
        if row["status"] == "ok" and row["counted"] and "embedding" not in row["model"]:
            assert "How high is the river?" in row["input_text"]
            assert re.search(r"Water over the weir\.|level\(", row["output_text"])


def test_all_that_came_is_accounted_for(asked):
    calls, errors, sums = asked
    assert balances(sums), sums
    assert sums["persisted"] == len(calls) + len(errors)
    assert sums["received"] == sums["accepted"]
    assert (sums["deduplicated"], sums["dead_lettered"]) == (0, 0)
