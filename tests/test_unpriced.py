"""Calls with tokens and without a known price: stored without a cost, and counted by model."""

import json

import pytest

pytestmark = pytest.mark.gen_test

KNOWN = {"provider": "openai", "model": "gpt-4o", "prompt_tokens": 1000, "completion_tokens": 100}
UNKNOWN = {**KNOWN, "model": "my-own"}
COST = 0.0035


@pytest.fixture
def stored(post, rows):
    """Send calls; all rows, once they are there."""

    async def stored(*calls):
        response = await post("/v1/traces", list(calls))
        assert response.answer["accepted"] == len(calls)
        return await rows()

    return stored


async def test_a_stored_call_has_a_computed_cost_and_the_tables_version(stored):
    (row,) = await stored(KNOWN)
    assert (row["cost_usd"], row["cost_source"]) == (COST, "computed")
    assert row["metadata"]["price_table"].startswith("genai-prices 0.")


async def test_an_unknown_price_is_null_and_is_counted_by_model(stored, counted):
    rows = await stored(UNKNOWN, UNKNOWN, KNOWN, {**UNKNOWN, "cost_usd": 0.5})
    assert [row["cost_usd"] for row in rows] == [None, None, COST, 0.5]
    assert counted("llm_unpriced_total", provider="openai", model="my-own") == 2
    assert counted("llm_unpriced_total", provider="openai", model="gpt-4o") == 0


async def test_a_call_without_tokens_is_not_unpriced(stored, counted):
    bare = {"provider": "openai", "model": "my-own"}
    await stored(bare, {**bare, "prompt_tokens": 0, "completion_tokens": 0})
    assert counted("llm_unpriced_total", provider="openai", model="my-own") == 0


async def test_what_a_sender_calls_metered_itself_is_unpriced_all_the_same(stored, counted):
    await stored({**UNKNOWN, "metadata": {"metered": True}})
    assert counted("llm_unpriced_total", provider="openai", model="my-own") == 1


async def test_a_call_that_is_sent_again_is_counted_once(stored, counted):
    await stored({**UNKNOWN, "event_id": "a"}, {**UNKNOWN, "event_id": "a"})
    await stored({**UNKNOWN, "event_id": "a"}, {**UNKNOWN, "event_id": "b"})
    assert counted("llm_unpriced_total", provider="openai", model="my-own") == 2


async def test_hostile_models_are_other(stored, counted, get):
    await stored(*({**UNKNOWN, "model": f"m{n}"} for n in range(200)))
    assert counted("llm_unpriced_total", provider="other", model="other") == 190
    assert counted("label_overflow_total", label="model") == 190
    lines = (await get("/metrics")).body.decode().splitlines()
    assert sum(line.startswith("tokenweir_llm_unpriced_total") for line in lines) == 11


async def test_a_failed_call_of_litellm_with_tokens_is_priced(post, rows, counted):
    call = {"litellm_call_id": "c", "custom_llm_provider": "openai", "model": "gpt-4o"}
    failed = {**call, "status": "failure", "prompt_tokens": 1000, "completion_tokens": 0}
    body = json.dumps([{**failed, "response_cost": 0.0}]).encode()
    await post("/v1/litellm", body)
    (row,) = await rows()
    assert (row["status"], row["cost_usd"]) == ("error", 0.0025)


class TestSwitchedOff:
    @pytest.fixture
    def settings(self):
        return {"compute_costs": False}

    async def test_no_cost_is_computed(self, stored, counted):
        (row,) = await stored(KNOWN)
        assert (row["cost_usd"], row["cost_source"], row["metadata"]) == (None, None, None)
        assert counted("llm_unpriced_total", provider="openai", model="gpt-4o") == 1
