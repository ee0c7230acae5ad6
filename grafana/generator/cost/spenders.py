"""Who spends, and on which models."""

from .. import rowsql
from ..frame import Rows
from ..rowsql import CALLS, FAILED, LAST_SEEN, NO_AGENT, NO_SESSION, WITHOUT_PRICE, WITHOUT_USAGE
from ..rowsql import ROWS as FROM_ROWS
from ..tables import table_of

_NOTHING = "no call in this time range"
_TOKENS = 'sum(prompt_tokens) AS "Input tokens", sum(completion_tokens) AS "Output tokens"'
_CALLS = f'{CALLS} AS "Calls", {FAILED} AS "Failed"'
_SEEN = f'{LAST_SEEN} AS "Last seen"'
_MOST_FIRST = 'ORDER BY sum(cost_usd) DESC, "Calls" DESC LIMIT 200'
_USD = 'sum(cost_usd) AS "Spent"'

ROWS = [
    Rows(
        "Who spends",
        [
            table_of(
                "By model",
                "All that the calls of each model took, the dearest first; the same sums as "
                "`tokenweir query totals`. A blank is what nobody knows, not 0. Without usage: no "
                "tokens told. Without a price: tokens, but no price known.",
                rowsql.rows(
                    f"""
                    SELECT provider AS "Provider", model AS "Model", {_USD},
                        sum(cost_usd) FILTER (WHERE cost_source = 'reported') AS "Reported",
                        sum(cost_usd) FILTER (WHERE cost_source = 'computed') AS "Computed",
                        {_CALLS}, {WITHOUT_USAGE} AS "Without usage",
                        {WITHOUT_PRICE} AS "Without a price", {_TOKENS}, {_SEEN}
                    {FROM_ROWS} GROUP BY 1, 2 {_MOST_FIRST}
                    """,
                    "Last seen",
                ),
                width=24,
                height=9,
                nothing=_NOTHING,
            ),
            table_of(
                "By agent",
                "What each agent took, the dearest first; a click on its name shows its events.",
                rowsql.rows(
                    f"""
                    SELECT {NO_AGENT} AS "Agent", {_USD}, {_CALLS},
                        count(DISTINCT session_id) AS "Sessions", {_TOKENS}, {_SEEN}
                    {FROM_ROWS} GROUP BY 1 {_MOST_FIRST}
                    """,
                    "Last seen",
                ),
                width=24,
                height=8,
                nothing=_NOTHING,
            ),
            table_of(
                "By session",
                "What each session took, the dearest first, 200 at most; a click on its id shows "
                "its events.",
                rowsql.rows(
                    f"""
                    SELECT {NO_SESSION} AS "Session", max({NO_AGENT}) AS "Agent", {_USD}, {_CALLS},
                        {_TOKENS}, {_SEEN}
                    {FROM_ROWS} GROUP BY 1 {_MOST_FIRST}
                    """,
                    "Last seen",
                ),
                width=24,
                height=8,
                nothing=_NOTHING,
            ),
        ],
    )
]
