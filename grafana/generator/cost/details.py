"""Where the cost comes from, and how sure it is."""

from .. import rowsql
from ..frame import Rows
from ..lines import bars
from ..looks import colored
from ..rowsql import ROWS as FROM_ROWS
from ..rowsql import WITHOUT_PRICE, WITHOUT_USAGE

_KINDS = {
    "input": "prompt_tokens",
    "output": "completion_tokens",
    "cache read": "cache_read_tokens",
    "cache write": "cache_write_tokens",
    "reasoning": "reasoning_tokens",
}
_SUMS = ", ".join(f'sum({column}) AS "{kind}"' for kind, column in _KINDS.items())

ROWS = [
    Rows(
        "What it is spent on",
        [
            bars(
                "Reported and computed cost",
                "US dollars in each bar's stretch of time: reported by the sender, or computed "
                "here from tokens and a price list.",
                "currencyUSD",
                [
                    rowsql.over_time(
                        "coalesce(cost_source, 'unknown') AS name, sum(cost_usd) AS usd",
                        f"{FROM_ROWS} AND cost_usd IS NOT NULL GROUP BY 1, 2",
                    )
                ],
                width=8,
                nothing="no cost known in this time range",
            ),
            bars(
                "Calls whose cost nobody knows",
                "Calls in each bar's stretch of time that succeeded and told no tokens, or told "
                "tokens and have no price; worry when they last, for spent leaves them out.",
                "short",
                [
                    rowsql.over_time(
                        f'{WITHOUT_USAGE} AS "without usage", {WITHOUT_PRICE} AS "without a price"',
                        f"{FROM_ROWS} GROUP BY 1",
                    )
                ],
                width=8,
                nothing="no call in this time range",
                overrides=colored({"without usage": "red", "without a price": "orange"}),
            ),
            bars(
                "Tokens by kind",
                "In each bar's stretch of time, never to be added: cached tokens are part of the "
                "input, reasoning is mostly part of the output. A kind that no call told has no "
                "bar.",
                "short",
                [rowsql.over_time(_SUMS, f"{FROM_ROWS} GROUP BY 1")],
                width=8,
                stacked=False,
                nothing="no call told its tokens",
            ),
        ],
    )
]
