"""Spans that tell only tokens: OpenClaw's that sum up a turn, and logfire's of a stream."""

import pytest

from .otlp import call, packed

pytestmark = pytest.mark.gen_test

TOKENS = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
USAGE = call(9, TOKENS, name="openclaw.model.usage")


@pytest.fixture
def send(post, rows, ledger):
    """Post spans; the rows of traces."""

    async def send(*sent):
        assert (await post("/v1/traces", packed(sent))).code == 200
        found = await rows()
        assert ledger()["rejected"] == 0
        return found

    return send


async def test_a_turn_without_a_call_is_a_row_that_is_no_call(send):
    (row,) = await send(USAGE)
    assert (row["operation"], row["prompt_tokens"]) == ("turn_usage", 10)


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_turn_is_no_row_where_its_call_has_the_tokens(send, counted, is_late):
    sent = [call(1, TOKENS, name="openclaw.model.call"), USAGE]
    (row,) = await send(*(sent[::-1] if is_late else sent))
    assert row["operation"] == "chat"
    assert counted("events_skipped_total", reason="not_a_model_call") == 1


async def test_a_turn_is_a_row_where_its_call_has_no_tokens(send):
    rows = await send(call(1, name="openclaw.model.call"), USAGE)
    assert [row["operation"] for row in rows] == ["chat", "turn_usage"]


async def test_a_turn_is_a_row_where_the_tokens_are_of_another_trace(send):
    other = call(1, TOKENS, name="openclaw.model.call", trace_id=b"\1" * 16)
    rows = await send(other, USAGE)
    assert [row["operation"] for row in rows] == ["chat", "turn_usage"]


async def test_two_turns_are_two_rows(send):
    rows = await send(USAGE, call(8, TOKENS, name="openclaw.model.usage"))
    assert [row["operation"] for row in rows] == ["turn_usage", "turn_usage"]


async def test_what_a_stream_used_is_a_row_also_beside_a_call_that_has_tokens(send):
    used = call(2, {"logfire.span_type": "log", **TOKENS}, name="streaming response took 0.1s")
    rows = await send(call(1, TOKENS), used, call(3))
    assert [row["operation"] for row in rows] == ["chat", "turn_usage", "chat"]
    assert [row["prompt_tokens"] for row in rows] == [10, 10, None]
