"""Metrics of the gateway's models: what the stored rows say, once each."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.metrics.rising import Rising

from .conftest import until
from .otlp import PROTOBUF, call, packed

pytestmark = pytest.mark.gen_test

MODEL = {"provider": "openai", "model": "gpt-4o"}
OK = {
    **MODEL,
    "prompt_tokens": 1000,
    "completion_tokens": 100,
    "cache_read_tokens": 400,
    "reasoning_tokens": 50,
    "cost_usd": 0.25,
    "latency_ms": 1500,
    "time_to_first_token_ms": 300,
}
INPUT = {"token_type": "input"}
FAILED = {**MODEL, "status": "error", "latency_ms": 20}


@pytest.fixture
def stored(post, rows):
    """Send events, and wait until they are settled."""

    async def stored(*events, route="/v1/traces"):
        await post(route, list(events))
        return await rows()

    return stored


@pytest.fixture
def shown(counted):
    """A metric of the one model."""
    return lambda name, **labels: counted(name, **MODEL, **labels)


@pytest.fixture
def samples(get):
    """The samples of a scrape whose names begin so: mostly those that senders add."""

    async def samples(prefix="tokenweir_llm_"):
        text = (await get("/metrics")).body.decode()
        families = [*text_string_to_metric_families(text)]
        ours = [one for one in families if one.name.startswith(prefix)]
        found = [sample for family in ours for sample in family.samples]
        return [one for one in found if not one.name.endswith("_created")]  # never served

    return samples


async def test_each_stored_call_counts_once_with_its_tokens_cost_and_times(stored, shown):
    await stored(OK, {**OK, "event_id": "a"}, FAILED)
    await stored({**OK, "event_id": "a"})
    assert shown("llm_requests_total", outcome="ok") == 2
    assert shown("llm_requests_total", outcome="error") == 1
    tokens = {"input": 2000, "output": 200, "cache_read": 800, "cache_write": 0, "reasoning": 100}
    for token_type, count in tokens.items():
        assert shown("llm_tokens_total", token_type=token_type) == count
    assert shown("llm_cost_usd_total") == 0.5
    assert shown("llm_request_duration_seconds_count") == 3
    assert shown("llm_request_duration_seconds_sum") == 3.02
    assert shown("llm_request_duration_seconds_bucket", le="1.28") == 1
    assert shown("llm_time_to_first_token_seconds_count") == 2
    assert shown("llm_time_to_first_token_seconds_sum") == 0.6


async def test_errors_count_by_type(stored, counted):
    crash = {"error_type": "crash", "message": "signal 11", "event_id": "a"}
    await stored(crash, crash, {**crash, "event_id": "b"}, route="/v1/errors")
    assert counted("llm_errors_total", error_type="crash") == 2


async def test_error_types_beyond_the_cap_are_other(stored, counted):
    errors = [{"error_type": f"e{n}", "message": "m"} for n in range(20)]
    await stored(*errors, route="/v1/errors")
    assert counted("llm_errors_total", error_type="e14") == 1
    assert counted("llm_errors_total", error_type="other") == 5
    assert counted("label_overflow_total", label="error_type") == 5


async def test_each_call_of_a_model_beyond_the_cap_overflows_once(post, stored, rows, counted):
    await stored(*({**OK, "model": f"m{n}"} for n in range(10)))
    await stored(OK, OK, OK)
    assert counted("label_overflow_total", label="model") == 3
    usage = {"gen_ai.usage.input_tokens": 7}
    for span in (call(1), call(2, usage, parent_span_id=(1).to_bytes(8, "big"))):
        await post("/v1/traces", packed([span], PROTOBUF), content_type=PROTOBUF)
        await rows()
    assert counted("label_overflow_total", label="model") == 4


async def test_of_two_calls_with_one_id_in_a_request_the_stored_one_counts(stored, shown):
    (row,) = await stored({**OK, "event_id": "a"}, {**FAILED, "event_id": "a"})
    assert row["status"] == "ok"
    assert shown("llm_requests_total", outcome="ok") == 1
    assert shown("llm_requests_total", outcome="error") == 0


async def test_a_call_that_is_told_in_two_requests_counts_once_and_whole(post, rows, shown):
    async def told(span):
        await post("/v1/traces", packed([span], PROTOBUF), content_type=PROTOBUF)
        return await rows()

    await told(call(1))
    assert shown("llm_tokens_total", **INPUT) == 0
    usage = {"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 1}
    assert len(await told(call(2, usage, parent_span_id=(1).to_bytes(8, "big")))) == 1
    assert shown("llm_requests_total", outcome="ok") == 1
    assert shown("llm_tokens_total", **INPUT) == 7
    assert shown("llm_request_duration_seconds_count") == 1


def test_what_sums_take_back_is_not_shown_until_they_have_caught_up():
    rising = Rising(2)
    seen = []
    for change in ([2, 1], [-1, 0], [1, 0], [1, 0.5]):
        rising.add(change)
        seen.append(list(rising.highest))
    assert seen == [[2, 1], [2, 1], [2, 1], [3, 1.5]]


async def test_a_provider_that_is_called_other_is_one_like_any(stored, counted):
    await stored({**OK, "provider": "other"})
    labels = {**MODEL, "provider": "other"}
    assert counted("llm_time_to_first_token_seconds_count", **labels) == 1


async def test_what_the_store_did_not_keep_is_not_shown(post, rows, counted, held, shown):
    held.free.set()
    await post("/v1/traces", OK)
    await rows()
    held.free.clear()
    await post("/v1/traces", OK)
    await until(held.entered.is_set)
    assert shown("llm_requests_total", outcome="ok") == 1
    held.free.set()
    await rows()
    assert shown("llm_requests_total", outcome="ok") == 2


@pytest.mark.slow
async def test_hostile_names_make_under_500_samples_and_parse(post, stored, samples):
    """Those of the answers' statuses are among them."""
    before = len(await samples(""))
    for start in range(0, 10_000, 1000):
        await stored(*hostile(start))
        await stored(*failures(start), route="/v1/errors")
    for path in ("traces", "errors", "litellm", "logs", "metrics"):
        await post(f"/v1/{path}", b"{")
    found = await samples("")
    assert len(found) - before < 500
    names = {one.labels["model"] for one in found if "model" in one.labels}
    assert len(names) == 11
    calls = [one.value for one in found if one.name == "tokenweir_llm_requests_total"]
    assert sum(calls) == 10_000


ODD = ("", "\n", '"', "\\", "ü", " ", "{}", "\u202e", "x" * 200)
"""What stands in every second name."""


def hostile(start):
    """A thousand calls, each of a model of its own, with all that makes samples."""
    for n in range(start, start + 1000):
        odd = ODD[n // 2 % len(ODD)] if n % 2 else ""
        names = {"provider": f"p{n % 13}", "model": f"m{odd}{n}", "cache_write_tokens": 1}
        yield {**OK, **names, "cost_usd": None if n % 3 else 0.1, "status": ("ok", "error")[n % 2]}


def failures(start):
    for n in range(start, start + 1000):
        yield {"error_type": f"e{ODD[n % len(ODD)]}{n}", "message": "m"}


class TestListed:
    @pytest.fixture
    def settings(self):
        return {"model_metrics": "openai/gpt-4o,mistral/large"}

    async def test_the_listed_are_there_from_the_start_and_others_are_other(
        self, stored, shown, counted
    ):
        large = {"provider": "mistral", "model": "large"}
        assert counted("llm_requests_total", outcome="error", **large) == 0
        await stored(OK, {**OK, "model": "gpt-5"})
        assert shown("llm_requests_total", outcome="ok") == 1
        other = {"provider": "other", "model": "other"}
        assert counted("llm_requests_total", outcome="ok", **other) == 1
        assert counted("llm_request_duration_seconds_count", **other) is None
        assert counted("llm_time_to_first_token_seconds_count", **other) is None


class TestSwitchedOff:
    @pytest.fixture
    def settings(self):
        return {"model_metrics": "off"}

    async def test_nothing_is_shown_of_models(self, stored, samples):
        assert len(await stored(OK)) == 1
        assert await samples() == []
