"""What one wants to know first: how much, how often, how well, and how sure."""

from grafana_foundation_sdk.models.common import BigValueTextMode
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Property

from .. import rowsql
from ..frame import Rows
from ..legends import beside
from ..lines import bars
from ..looks import colored
from ..panels import number
from ..rowsql import CALLS, FAILED, WITHOUT_PRICE, WITHOUT_USAGE
from ..rowsql import ROWS as FROM_ROWS


def _share(orange: float, red: float, nothing: str) -> list[Property]:
    colors = (("green", None), ("orange", orange), ("red", red))
    levels = [{"color": color, "value": value} for color, value in colors]
    return [
        Property("unit", "percentunit"),
        Property("noValue", nothing),
        Property("color", {"mode": "thresholds"}),
        Property("thresholds", {"mode": "absolute", "steps": levels}),
    ]


# one query for all: each goes over every row of the time range
_SUMS = rowsql.rows(
    f"""
    SELECT sum(cost_usd) AS "Spent", {CALLS} AS "Calls",
        1.0 * {FAILED} / nullif({CALLS}, 0) AS "Failed",
        1.0 * {WITHOUT_USAGE} / nullif({CALLS} - {FAILED}, 0) AS "Without usage",
        1.0 * {WITHOUT_PRICE} / nullif({CALLS}, 0) AS "Without a price"
    {FROM_ROWS} LIMIT 1
    """
)
_BY_MODEL = "model || ' (' || provider || ')' AS name"

ROWS = [
    Rows(
        "At a glance",
        [
            number(
                "Spent, and on how many calls",
                "Spent is what was reported or computed for the calls in the time range. Failed is "
                "of all calls. Calls without usage succeeded, and nobody said what tokens they "
                "took: what they cost nobody knows, so spent is a lower bound; `tokenweir query "
                "traces --no-usage` lists them. Calls without a price have tokens, and no price is "
                "known: install a newer genai-prices, then run `tokenweir reprice`.",
                "short",
                [_SUMS],
                width=24,
                nothing="no call in this time range",
                shown=BigValueTextMode.VALUE_AND_NAME,
                overrides={
                    "Spent": [
                        Property("unit", "currencyUSD"),
                        Property("decimals", 2),
                        Property("noValue", "no cost known"),
                    ],
                    "Calls": [Property("unit", "locale")],
                    "Failed": _share(0.02, 0.1, "no call"),
                    "Without usage": _share(0.01, 0.05, "no call succeeded"),
                    "Without a price": _share(0.01, 0.05, "no call"),
                },
            ),
            bars(
                "Spent over time by model",
                "US dollars in each bar's stretch of time, as reported or computed; calls whose "
                "cost nobody knows are not in it.",
                "currencyUSD",
                [
                    rowsql.over_time(
                        f"{_BY_MODEL}, sum(cost_usd) AS usd",
                        f"{FROM_ROWS} AND cost_usd IS NOT NULL GROUP BY 1, 2",
                    )
                ],
                width=16,
                legend=beside("sum"),
                nothing="no cost known in this time range",
            ),
            bars(
                "Calls over time",
                "Calls in each bar's stretch of time, the failed ones in red; worry when red "
                "grows faster than green.",
                "short",
                [
                    rowsql.over_time(
                        f'{CALLS} - {FAILED} AS "ok", {FAILED} AS "failed"',
                        f"{FROM_ROWS} GROUP BY 1",
                    )
                ],
                width=8,
                nothing="no call in this time range",
                overrides=colored({"ok": "green", "failed": "red"}),
            ),
        ],
    )
]
