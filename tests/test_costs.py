"""What a call cost: each claim of docs/costs.md, with the table that is installed."""

import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import orjson
import pytest
from genai_prices import Usage, calc_price
from genai_prices.data import providers
from genai_prices.types import ModelPrice
from hypothesis import given
from hypothesis import strategies as some

from server.cost import make_price
from server.cost.pricer import Pricer
from server.cost.rates import cost, tariff_of
from server.cost.table import Table
from server.cost.usage import usage_of
from server.normalise import Normaliser

NORMALISER = Normaliser(1000, 65_536)
PRICES = [
    (provider.id, model.id, price)
    for provider in providers
    for model in provider.models
    for price in (
        [one.prices for one in model.prices] if isinstance(model.prices, list) else [model.prices]
    )
]


@pytest.fixture(scope="module")
def pricer():
    return make_price(computes=True)


def call(provider="openai", model="gpt-4o", **members):
    """A call as it is stored, of 1,000 and 100 tokens where nothing else is said."""
    if not any(name.endswith("_tokens") for name in members):
        members = {"prompt_tokens": 1000, "completion_tokens": 100, **members}
    item: Any = {"provider": provider, "model": model, **members}
    return NORMALISER.trace(item, "native")


def at(text):
    """Unix ms of a date."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def library(provider, model, moment="2026-11-01", context=None, **usage):
    """What genai-prices computes itself."""
    when = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    found = calc_price(
        Usage(**usage),
        model,
        provider_id=provider,
        genai_request_timestamp=when,
        price_context=context,
    )
    return pytest.approx(float(found.total_price), rel=1e-12)


def test_a_call_with_tokens_and_no_cost_gets_the_cost_that_the_table_computes(pricer):
    priced = pricer(call())
    assert priced.cost_usd == library("openai", "gpt-4o", input_tokens=1000, output_tokens=100)
    assert priced.cost_source == "computed"
    table = f"genai-prices {version('genai-prices')}"
    assert orjson.loads(priced.metadata) == {"price_table": table}


def test_the_table_stands_behind_what_the_metadata_hold(pricer):
    sent = {"a": {"b": [1]}, "price_table": "forged"}
    found = orjson.loads(pricer(call(metadata=sent)).metadata)
    assert list(found) == ["a", "extra", "price_table"]
    assert found["extra"] == {"price_table": "forged"}
    assert found["price_table"] != "forged"


@pytest.mark.parametrize("usd", [0.0, 0.25])
def test_a_reported_cost_stays(pricer, usd):
    reported = call(cost_usd=usd)
    assert pricer(reported) is reported


def test_a_failed_call_with_tokens_has_its_cost(pricer):
    assert pricer(call(status="error")).cost_usd == pricer(call()).cost_usd


@pytest.mark.parametrize("tokens", [{"prompt_tokens": None}, {"prompt_tokens": 0}])
def test_no_tokens_have_no_cost(pricer, tokens):
    assert pricer(call(**tokens)).cost_usd is None


def test_no_cost_is_computed_where_that_is_off():
    trace = call()
    assert make_price(computes=False)(trace) is trace


def test_cached_tokens_are_in_the_prompt_and_have_prices_of_their_own(pricer):
    tokens = {"cache_read_tokens": 300, "cache_write_tokens": 200}
    priced = pricer(
        call("anthropic", "claude-sonnet-4-5", prompt_tokens=1000, completion_tokens=100, **tokens)
    )
    wanted = library(
        "anthropic", "claude-sonnet-4-5", input_tokens=1000, output_tokens=100, **tokens
    )
    assert priced.cost_usd == wanted
    assert wanted != library("anthropic", "claude-sonnet-4-5", input_tokens=1000, output_tokens=100)


def test_more_cached_tokens_than_the_prompt_has_were_counted_beside_it(pricer):
    beside = call(prompt_tokens=10, cache_read_tokens=1000, completion_tokens=5)
    inside = call(prompt_tokens=1010, cache_read_tokens=1000, completion_tokens=5)
    assert pricer(beside).cost_usd == pricer(inside).cost_usd


def test_reasoning_tokens_are_in_the_answer_and_not_added_again(pricer):
    thought = call("openai", "o3-mini", prompt_tokens=9, completion_tokens=90, reasoning_tokens=64)
    plain = call("openai", "o3-mini", prompt_tokens=9, completion_tokens=90)
    assert pricer(thought).cost_usd == pricer(plain).cost_usd


def test_a_long_prompt_has_the_rates_of_its_tier_for_all_tokens(pricer):
    for size in (200_000, 200_001):
        priced = pricer(call("google", "gemini-2.5-pro", prompt_tokens=size, completion_tokens=9))
        wanted = library("google", "gemini-2.5-pro", input_tokens=size, output_tokens=9)
        assert priced.cost_usd == wanted


@pytest.mark.parametrize("moment", ["2025-01-15T12:00", "2026-11-01T02:00", "2026-11-01T20:00"])
@pytest.mark.parametrize(
    ("provider", "model"), [("deepseek", "deepseek-chat"), ("openai", "o3"), ("x-ai", "grok-4")]
)
def test_the_price_is_that_of_the_time_the_call_began(pricer, provider, model, moment):
    priced = pricer(call(provider, model, started_at=at(moment)))
    usage = {"input_tokens": 1000, "output_tokens": 100}
    assert priced.cost_usd == library(provider, model, moment, **usage)


def test_prices_change_with_time(pricer):
    old, new = (call("openai", "o3", started_at=at(day)) for day in ("2025-05-01", "2026-05-01"))
    assert pricer(old).cost_usd > pricer(new).cost_usd


@pytest.mark.parametrize("ms", [0, 253_402_300_799_999, 2**63 - 1])
def test_no_time_is_too_odd(pricer, ms):
    for model in ("gpt-4o", "o3"):
        pricer(call(model=model)._replace(started_at=ms))


def test_a_free_model_costs_nothing_and_that_is_known(pricer):
    priced = pricer(call("openrouter", "meta-llama/llama-3.3-70b-instruct:free"))
    assert (priced.cost_usd, priced.cost_source) == (0.0, "computed")


def test_a_price_of_each_request_is_added(pricer):
    priced = pricer(call("perplexity", "sonar"))
    assert priced.cost_usd == library("perplexity", "sonar", input_tokens=1000, output_tokens=100)
    assert priced.cost_usd > 0.005


def test_an_entry_without_a_price_is_no_price(pricer):
    assert pricer(call("github_copilot", "gpt-4o")).cost_usd is None


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-image-1.5", "gemini-2.5-flash-image"])
def test_an_answer_that_may_be_sound_or_a_picture_has_no_known_cost(pricer, model):
    assert pricer(call("openai" if "gpt" in model else "google", model)).cost_usd is None


def test_an_embedding_of_which_only_the_total_is_known_has_a_cost(pricer):
    small = {"model": "text-embedding-3-small", "total_tokens": 500}
    assert pricer(call(**small, operation="embeddings")).cost_usd == 500 * 0.02 / 1e6
    assert pricer(call(**small, operation="chat")).cost_usd is None


def test_what_is_missing_of_prompt_or_answer_is_the_rest_of_the_total(pricer):
    whole = pricer(call(prompt_tokens=70, completion_tokens=30)).cost_usd
    assert pricer(call(prompt_tokens=70, total_tokens=100)).cost_usd == whole
    assert pricer(call(completion_tokens=30, total_tokens=100)).cost_usd == whole
    assert pricer(call(completion_tokens=30)).cost_usd is None


BATCH = {"processing": "batch"}
BEGAN = {"started_at": at("2026-11-01")}


@pytest.mark.parametrize(
    ("said", "context"),
    [
        ({"operation": "batch"}, BATCH),
        ({"operation": "create_batch"}, BATCH),
        ({"operation": "batch_completion"}, {}),
        ({"metadata": {"processing": "batch"}}, BATCH),
        ({"metadata": {"batch": True}}, BATCH),
        ({"metadata": {"call_type": "aretrieve_batch"}}, BATCH),
        ({"metadata": {"service_tier": "batch"}}, BATCH),
        ({"metadata": {"batch_size": 8, "batch": False}}, {}),
        ({"metadata": {"service_tier": "priority"}}, {"service_tier": "priority"}),
        ({"service_tier": "priority"}, {"service_tier": "priority"}),
        ({"metadata": {"service_tier": "default"}}, {}),
        ({"metadata": {"service_tier": None}}, {}),
        (
            {"metadata": {"attributes": {"openai.response.service_tier": "priority"}}},
            {"service_tier": "priority"},
        ),
        (
            {
                "metadata": {
                    "attributes": {
                        "openai.request.service_tier": "priority",
                        "openai.response.service_tier": "default",
                    }
                }
            },
            {},
        ),
        ({"metadata": {"a": '"service_tier": "priority", "batch": true'}}, {}),
    ],
)
def test_a_batch_or_a_service_tier_has_the_price_that_the_table_knows_for_it(pricer, said, context):
    wanted = library(
        "openai", "gpt-4o", "2026-11-01", context, input_tokens=1000, output_tokens=100
    )
    assert pricer(call(**BEGAN, **said)).cost_usd == wanted


def test_the_fast_mode_has_its_price(pricer):
    priced = pricer(call("anthropic", "claude-opus-4-8", **BEGAN, metadata={"speed": "fast"}))
    usage = {"input_tokens": 1000, "output_tokens": 100}
    fast = library("anthropic", "claude-opus-4-8", context={"speed": "fast"}, **usage)
    assert priced.cost_usd == fast
    assert fast != library("anthropic", "claude-opus-4-8", **usage)


@pytest.mark.parametrize(
    ("provider", "model", "tier", "began"),
    [
        ("openai", "gpt-4o", "flex", "2026-11-01"),  # is not sold so
        ("openai", "gpt-4o", "scale", "2026-11-01"),
        ("openai", "gpt-4o", "priority", "2024-11-01"),  # the table does not reach back
        ("azure", "gpt-4o", "priority", "2026-11-01"),  # OpenAI's price is not Azure's here
        ("groq", "llama-3.3-70b-versatile", "flex", "2026-11-01"),
    ],
)
def test_terms_without_a_price_have_no_known_cost(pricer, provider, model, tier, began):
    made = call(provider, model, started_at=at(began), metadata={"service_tier": tier})
    assert pricer(made).cost_usd is None


def test_what_a_gateway_answered_from_its_cache_cost_nothing(pricer):
    assert pricer(call(metadata={"cache_hit": True})).cost_usd == 0.0
    assert pricer(call(metadata={"cache_hit": False})).cost_usd > 0


SAME = {
    ("openai", "gpt-4o"): (
        *(("openai", "gpt-4o-2024-08-06"), ("openai", "openai/gpt-4o"), ("OpenAI", "GPT-4o")),
        *(("azure", "gpt-4o"), ("azure_ai", "gpt-4o"), ("az.ai.openai", "gpt-4o")),
        *(("azure.ai.openai", "gpt-4o"), ("az.ai.inference", "azure/gpt-4o")),
        *(("litellm", "openai/gpt-4o"), ("litellm_proxy", "gpt-4o"), ("unknown", "gpt-4o")),
        *(("my-gateway", "team-a/gpt-4o"), ("stubai", "gpt-4o"), ("vercel", "openai/gpt-4o")),
    ),
    ("anthropic", "claude-sonnet-4-5"): (
        *(("vertex_ai", "claude-sonnet-4-5@20250929"), ("openai", "claude-sonnet-4-5")),
        *(("openai", "anthropic/claude-sonnet-4.5"), ("unknown", "claude-sonnet-4-5-20250929")),
    ),
    ("google", "gemini-2.5-flash"): (
        *(("vertex_ai", "gemini-2.5-flash"), ("gcp.vertex_ai", "gemini-2.5-flash")),
        *(("gcp.gen_ai", "gemini-2.5-flash"), ("gcp.gemini", "models/gemini-2.5-flash")),
        *(("gemini", "gemini/gemini-2.5-flash"), ("google_genai", "gemini-2.5-flash")),
        ("google", "projects/p/locations/l/publishers/google/models/gemini-2.5-flash"),
    ),
    ("aws", "us.anthropic.claude-sonnet-4-20250514-v1:0"): (
        ("aws.bedrock", "us.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("bedrock", "anthropic.claude-sonnet-4-20250514-v1:0"),
        ("bedrock_converse", "converse/us.anthropic.claude-sonnet-4-20250514-v1:0"),
        ("openai", "bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0"),
    ),
    ("groq", "llama-3.3-70b-versatile"): (("litellm", "groq/llama-3.3-70b-versatile"),),
    ("mistral", "mistral-large-latest"): (
        *(("mistral_ai", "mistral-large-latest"), ("mistralai", "mistral-large-latest")),
        ("openai", "mistral-large-latest"),
    ),
    ("deepseek", "deepseek-chat"): (("openai", "deepseek/deepseek-chat"),),
    ("x-ai", "grok-4"): (("xai", "grok-4"), ("x_ai", "grok-4"), ("openai", "grok-4")),
    ("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo"): (
        ("together_ai", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    ),
    ("fireworks", "accounts/fireworks/models/llama-v3p1-8b-instruct"): (
        ("fireworks_ai", "accounts/fireworks/models/llama-v3p1-8b-instruct"),
    ),
    ("openrouter", "openai/gpt-4o"): (("openrouter", "openrouter/openai/gpt-4o"),),
}


@pytest.mark.parametrize(
    ("names", "table"), [(names, table) for table, all in SAME.items() for names in all]
)
def test_a_price_is_found_by_what_senders_call_provider_and_model(pricer, names, table):
    usage = {"input_tokens": 1000, "output_tokens": 100}
    wanted = library(*table, **usage)
    assert pricer(call(*names, **BEGAN)).cost_usd == wanted


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        *(("ollama", "llama3"), ("ollama", "gpt-oss:20b"), ("vllm", "gpt-4o"), ("lm_studio", "o3")),
        *(("openai", "ollama/mistral-large-latest"), ("vllm-openai", "gpt-4o")),
        *(("openai", "gpt-oss-20b"), ("openai", "mistralai/Mistral-7B-Instruct-v0.2")),
        *(("my-gateway", "openai/gpt-oss-120b"), ("my-gateway", "deepseek-r1:7b")),
        *(("openai", "my-own-model-7b"), ("openai", "gpt-9000"), ("azure", "my-deployment")),
        *(("unknown", "mistral"), ("unknown", "llama-3.3-70b"), ("unknown", "google/gemma-3-27b")),
        *(("huggingface", "meta-llama/Llama-3.3-70B-Instruct"), ("groq", "gpt-4o")),
        *(("nope", "unknown"), ("x", "/"), ("x", "../../etc"), ("openai", "a" * 256)),
    ],
)
def test_a_model_that_anybody_may_run_or_nobody_knows_has_no_known_cost(pricer, provider, model):
    trace = call(provider, model)
    assert pricer(trace) is trace


def test_the_answering_model_tells_the_price_of_an_alias(pricer):
    alias = call("azure", "my-deployment", metadata={"response_model": "gpt-4o-2024-08-06"})
    assert pricer(alias).cost_usd == pricer(call()).cost_usd
    own = call("ollama", "mine", metadata={"response_model": "gpt-4o"})
    assert pricer(own).cost_usd is None


def test_the_answering_model_tells_the_price_of_what_moves(pricer):
    latest = call("mistral", "mistral-large-latest", **BEGAN)
    told = latest._replace(metadata=b'{"response_model":"mistral-large-2512"}')
    odd = latest._replace(metadata=b'{"response_model":"mistral-large-nobody-knows"}')
    usage = {"input_tokens": 1000, "output_tokens": 100}
    assert pricer(told).cost_usd == library("mistral", "mistral-large-2512", **usage)
    assert pricer(odd).cost_usd == pricer(latest).cost_usd
    assert pricer(told).cost_usd != pricer(latest).cost_usd


class Broken(Table):
    def find(self, provider, model):
        raise RuntimeError("a fault of the library")


def test_a_look_up_that_fails_finds_no_price():
    trace = call()
    assert Pricer(Broken())(trace) is trace


class Counting(Table):
    asked = 0

    def find(self, provider, model):
        self.asked += 1
        return super().find(provider, model)


def test_a_name_is_looked_up_once_also_where_it_is_unknown():
    table = Counting()
    pricer = Pricer(table)
    for _ in range(3):
        pricer(call())
        pricer(call("nobody", "knows"))
    assert table.asked == 2


def tokens(draw, prompt):
    read = draw(some.integers(0, prompt))
    return read, draw(some.integers(0, prompt - read))


@given(some.data(), some.sampled_from(PRICES))
def test_every_price_of_the_table_gives_the_sum_that_the_library_gives(data, entry):
    price: ModelPrice = entry[2]
    prompt = data.draw(some.integers(1, 10**6))
    read, written = tokens(data.draw, prompt)
    completion = data.draw(some.integers(0, 10**5))
    thought = data.draw(some.integers(0, completion))
    trace = call(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=thought,
    )
    usage, tariff = usage_of(trace), tariff_of(price)
    found = cost(usage, tariff) if usage and tariff else None
    if found is not None:
        theirs = price.calc_price(
            Usage(
                input_tokens=prompt,
                output_tokens=completion,
                cache_read_tokens=read,
                cache_write_tokens=written,
                output_reasoning_tokens=thought,
            )
        )
        assert found == pytest.approx(float(theirs["total_price"]), rel=1e-12, abs=1e-18)


def test_most_of_the_table_has_a_price_for_tokens():
    known = [entry for entry in PRICES if tariff_of(entry[2])]
    assert len(known) > 0.9 * len(PRICES)


OFFLINE = """
import socket, threading

def refuse(*_, **__):
    raise AssertionError("it went to the network")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse
from server.cost import make_price
from tests.test_costs import call
priced = make_price(computes=True)(call())
make_price(computes=True)(call("nobody", "knows"))
assert priced.cost_usd, priced
assert threading.enumerate() == [threading.main_thread()]
"""


@pytest.mark.slow
def test_nothing_is_fetched_and_no_thread_is_started():
    subprocess.run((sys.executable, "-c", OFFLINE), check=True, timeout=60)


@pytest.mark.slow
def test_a_command_that_needs_no_price_loads_no_table():
    code = "import sys, server.cli, server.parts; sys.exit('genai_prices' in sys.modules)"
    subprocess.run((sys.executable, "-c", code), check=True, timeout=60)
