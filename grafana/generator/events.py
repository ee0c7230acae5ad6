"""The stored rows themselves: what happened, newest first, and one trace from end to end."""

from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import Dashboard

from . import frame, rowsql
from .frame import Rows
from .legends import beside
from .lines import bars
from .rowsql import A_MINUTE, CALLS, ERRORS, ROWS
from .tables import SLOWEST, table_of

_LATEST = f"""
    SELECT created_at / 1000.0 AS "Time", trace_id AS "Trace", provider AS "Provider",
        model AS "Model", status AS "Status", error_type AS "Error", latency_ms AS "Duration",
        prompt_tokens AS "Input tokens", completion_tokens AS "Output tokens", cost_usd AS "Cost",
        agent AS "Agent", session_id AS "Session", operation AS "Operation",
        substr(input_text, 1, 200) AS "Input", substr(output_text, 1, 200) AS "Output",
        event_id AS "Event"
    {ROWS} ORDER BY created_at DESC, id DESC LIMIT 500
"""
_LATEST_ERRORS = f"""
    SELECT created_at / 1000.0 AS "Time", trace_id AS "Trace", severity AS "Status",
        error_type AS "Error", substr(message, 1, 300) AS "Message",
        provider AS "Provider", model AS "Model", agent AS "Agent", session_id AS "Session"
    {ERRORS} ORDER BY created_at DESC, id DESC LIMIT 500
"""
# by what happened first, not by what arrived first; of long texts the beginning
_ONE_TRACE = """
    SELECT coalesce(started_at, created_at) / 1000.0 AS "Time", 'call' AS "Kind",
        coalesce(operation, '') AS "Operation", status AS "Status", error_type AS "Error",
        model AS "Model", latency_ms AS "Duration",
        substr(input_text, 1, 8000) AS "Text", substr(output_text, 1, 8000) AS "Answer or stack",
        prompt_tokens AS "Input tokens", completion_tokens AS "Output tokens", cost_usd AS "Cost",
        provider AS "Provider", event_id AS "Event"
    FROM llm_traces WHERE counted
        AND (trace_id = ${trace:sqlstring} OR event_id = ${trace:sqlstring})
    UNION ALL
    SELECT coalesce(occurred_at, created_at) / 1000.0, 'error', '', severity, error_type,
        model, NULL, substr(message, 1, 8000), substr(stack_trace, 1, 8000),
        NULL, NULL, NULL, provider, event_id
    FROM error_events WHERE trace_id = ${trace:sqlstring} OR event_id = ${trace:sqlstring}
    ORDER BY 1 LIMIT 500
"""

_CALLS = bars(
    "Calls a minute by model",
    "How busy each model is; worry when one you use is gone.",
    "short",
    [
        rowsql.over_time(
            f"model || ' (' || provider || ')' AS name, {CALLS} {A_MINUTE} AS calls",
            f"{ROWS} GROUP BY 1, 2",
        )
    ],
    width=12,
    height=6,
    legend=beside("max"),
    nothing="no call in this time range",
)
_ERRORS = bars(
    "Errors a minute by type",
    "How often something fails; worry when a bar stands out.",
    "short",
    [
        rowsql.over_time(
            f"'' || error_type AS name, count(*) {A_MINUTE} AS errors",
            f"{ERRORS} GROUP BY 1, 2",
        )
    ],
    width=12,
    height=6,
    legend=beside("max"),
    nothing="no error in this time range",
)


def make() -> Dashboard:
    """The dashboard, all from the database."""
    dash = frame.dashboard("tokenweir-events", "tokenweir events", __doc__, "now-6h", "1m")
    rowsql.add_variables(dash)
    trace = "The id of a trace, or of one event, for the panel One trace; a click on it sets it."
    dash.with_variable(rowsql.text_box("trace", "Trace", trace))
    # the trace stands between the tables that lead to it, so that a click shows it at once
    newest = Rows(
        "Newest first", [_CALLS, _ERRORS, _latest_calls(), _one_trace(), _latest_errors()]
    )
    return frame.fill(dash, [newest, Rows("Slowest first", [_slowest()])])


def _latest_calls() -> models.Panel:
    return table_of(
        "Latest calls",
        "The newest 500 calls in the time range; a click on a trace shows it below, as a whole.",
        rowsql.rows(_LATEST, "Time"),
        width=24,
        height=8,
        nothing="no call in this time range",
    )


def _one_trace() -> models.Panel:
    return table_of(
        "One trace",
        "All calls and errors of the trace that is chosen at the top (or the one event), whenever "
        "they were, by the time they began; a text opens as a whole by its eye.",
        rowsql.rows(_ONE_TRACE, "Time"),
        width=24,
        height=5,
        nothing="click on a trace in a table, or type its id at the top",
    )


def _latest_errors() -> models.Panel:
    return table_of(
        "Latest errors",
        "The newest 500 errors in the time range; a click on a trace shows its calls, too.",
        rowsql.rows(_LATEST_ERRORS, "Time"),
        width=24,
        height=8,
        nothing="no error in this time range",
    )


def _slowest() -> models.Panel:
    return table_of(
        "Slowest calls",
        "The 50 calls in the time range that took longest.",
        SLOWEST,
        width=24,
        height=9,
        nothing="no call told its duration",
    )
