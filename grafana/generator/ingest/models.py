"""What the gateway's models do, counted from the rows that were stored."""

from ..frame import Rows
from ..legends import beside
from ..lines import lines
from ..looks import colored
from ..promql import over_time

_NAME = "{{model}} ({{provider}})"
"""The model first, as a legend cuts what is too long."""

_KNOWN_ERRORS = colored(
    {"/^llm_error$/": "red", "/^system_error$/": "orange", "/^crash$/": "purple"}
)


def _p95(metric: str) -> str:
    buckets = f"sum by (le, provider, model) (rate({metric}_bucket{{SEL}}[RI]))"
    return f"histogram_quantile(0.95, {buckets})"


CALLS = lines(
    "Calls by model",
    "Model calls a second; beyond the first ten models they are one, called other. Worry when "
    "a model you use falls to 0.",
    "reqps",
    [over_time("sum by (provider, model) (rate(tokenweir_llm_requests_total{SEL}[RI]))", _NAME)],
    width=12,
    legend=beside("mean"),
    fill=0,
    nothing="no call in this time range",
)
FAILED = lines(
    "Failed share",
    "Share of each model's calls that failed; worry when it stays above a tenth.",
    "percentunit",
    [
        over_time(
            "sum by (provider, model) "
            '(rate(tokenweir_llm_requests_total{SEL,outcome="error"}[RI]))'
            " / sum by (provider, model) (rate(tokenweir_llm_requests_total{SEL}[RI]))",
            _NAME,
        )
    ],
    width=12,
    legend=beside("max"),
    fill=0,
    nothing="no call in this time range",
)
DURATION = lines(
    "Call duration p95",
    "What 95 of 100 calls of each model stay under; worry when it rises without longer answers.",
    "s",
    [over_time(_p95("tokenweir_llm_request_duration_seconds"), _NAME)],
    width=12,
    legend=beside("max"),
    fill=0,
    nothing="no call told its duration",
)
FIRST_TOKEN = lines(
    "First token p95",
    "How long 95 of 100 streamed calls at most wait for their first token; it is what people feel.",
    "s",
    [over_time(_p95("tokenweir_llm_time_to_first_token_seconds"), _NAME)],
    width=12,
    legend=beside("max"),
    fill=0,
    nothing="no call told its first token",
)

ROWS = Rows(
    "Model traffic",
    [
        CALLS,
        FAILED,
        DURATION,
        FIRST_TOKEN,
        lines(
            "Errors by type",
            "Error events a second; beyond the first fifteen types they are one, called other.",
            "eps",
            [
                over_time(
                    "sum by (error_type) (rate(tokenweir_llm_errors_total{SEL}[RI]))",
                    "{{error_type}}",
                )
            ],
            width=12,
            legend=beside("mean"),
            overrides=_KNOWN_ERRORS,
            fill=0,
            nothing="no error in this time range",
        ),
        lines(
            "Tokens per second",
            "Side by side, never to be added: cached tokens are mostly part of the input, "
            "reasoning is part of the output.",
            "short",
            [
                over_time(
                    "sum by (token_type) (rate(tokenweir_llm_tokens_total{SEL}[RI]))",
                    "{{token_type}}",
                )
            ],
            width=12,
            legend=beside("mean"),
            fill=0,
            nothing="no call told its tokens",
        ),
        lines(
            "Cost per hour",
            "US dollars an hour at the present rate, as reported or computed when a call was "
            "stored; the dashboard about cost and agents has the exact sums.",
            "currencyUSD",
            [
                over_time(
                    "sum by (provider, model) (rate(tokenweir_llm_cost_usd_total{SEL}[RI])) * 3600",
                    _NAME,
                )
            ],
            width=12,
            legend=beside("mean"),
            fill=0,
            nothing="no call had a cost",
        ),
        lines(
            "Calls without a price",
            "Calls a second that took tokens and have no known price, so costs leave them out; "
            "worry when one lasts: a newer genai-prices may know it, and then `tokenweir reprice` "
            "fills it in.",
            "ops",
            [
                over_time(
                    "sum by (provider, model) (rate(tokenweir_llm_unpriced_total{SEL}[RI]))", _NAME
                )
            ],
            width=12,
            legend=beside("max"),
            fill=0,
            nothing="every call has a price",
        ),
    ],
)
