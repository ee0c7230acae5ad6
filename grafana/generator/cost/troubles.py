"""What is slow, and what fails."""

from .. import rowsql
from ..frame import Rows
from ..ingest import models
from ..rowsql import ERRORS, LAST_SEEN
from ..tables import SLOWEST, table_of

_EXCEPTION = """
    CASE WHEN json_valid(metadata)
    THEN CAST(json_extract(metadata, '$.exception_type') AS TEXT) END
"""

ROWS = [
    Rows(
        "What goes wrong",
        [
            table_of(
                "Top errors",
                "Error events by type, what was thrown, and where, the most frequent first; the "
                "message is that of the last one.",
                rowsql.rows(
                    f"""
                    SELECT count(*) AS "Count", error_type AS "Error", {_EXCEPTION} AS "Exception",
                        trim(coalesce(provider, '') || ' ' || coalesce(model, '')) AS "Where",
                        substr(message, 1, 300) AS "Message",
                        {LAST_SEEN} AS "Last seen"
                    {ERRORS} GROUP BY 2, 3, 4 ORDER BY "Count" DESC LIMIT 100
                    """,
                    "Last seen",
                ),
                width=24,
                height=8,
                nothing="no error in this time range",
            ),
            table_of(
                "Slowest calls",
                "The calls that took longest; a click on the trace shows what else happened in it.",
                SLOWEST,
                width=24,
                height=8,
                nothing="no call told its duration",
            ),
        ],
    ),
    Rows(
        "Rates of all calls, from Prometheus",
        [models.CALLS, models.FAILED, models.DURATION, models.FIRST_TOKEN],
    ),
]
