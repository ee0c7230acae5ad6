"""Tables of stored rows, and the looks of their columns."""

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Property

from server.store.reader import IS_CALL

from . import looks, rowsql
from .panels import Overrides, described, overridden

ALL = "/.*/"
_EVENTS = "/d/tokenweir-events/tokenweir-events"
_STATUSES = {"ok": "green", "error": "red", "fatal": "dark-red", "warning": "orange"}
_GAUGE = [
    Property("custom.cellOptions", {"type": "gauge", "mode": "basic"}),
    Property("min", 0),
    Property("fieldMinMax", True),  # else a full bar is the largest number of all columns: tokens
]
_RED = [
    Property("custom.cellOptions", {"type": "color-text"}),
    Property("color", {"mode": "thresholds"}),
    Property(
        "thresholds",
        {
            "mode": "absolute",
            "steps": [{"color": "text", "value": None}, {"color": "red", "value": 1}],
        },
    ),
]


def _width(pixels: int) -> list[Property]:
    return [Property("custom.width", pixels)]


def _unit(unit: str, width: int) -> list[Property]:
    return [Property("unit", unit), *_width(width)]


def _dollars(decimals: int, *more: Property) -> list[Property]:
    return [Property("unit", "currencyUSD"), Property("decimals", decimals), *more]


def _to_events(title: str, variable: str) -> Property:
    """A link to the stored events of what the cell names."""
    return looks.link(title, _EVENTS, f"var-{variable}=${{__value.raw:percentencode}}")


_WORDS = Property("custom.cellOptions", {"type": "color-text"})
_FILTER = Property("custom.filterable", True)
_LINKED = {"Provider": 90, "Model": 165, "Agent": 120, "Session": 105, "Trace": 100}
_BY_LOOK: list[tuple[list[Property], tuple[str, ...]]] = [
    (_unit("time:MM-DD HH:mm:ss", 120), ("Time", "Last seen")),
    (_unit("short", 105), ("Input tokens", "Output tokens")),
    (_unit("locale", 75), ("Calls", "Count")),
    (_unit("locale", 80), ("Sessions",)),
    ([*_unit("locale", 70), *_RED], ("Failed",)),
    ([*_unit("locale", 110), *_RED], ("Without usage", "Without a price")),
    (_unit("ms", 90), ("Duration", "First token")),
    (_dollars(4, *_width(85)), ("Cost",)),
    (_dollars(2, *_width(88)), ("Reported", "Computed")),
    # it takes what the others leave
    (_dollars(2, *_GAUGE, Property("custom.minWidth", 140)), ("Spent",)),
    ([Property("custom.inspect", True)], ("Message", "Input", "Output", "Text", "Answer or stack")),
    ([*_width(200), _FILTER], ("Exception", "Where")),
    ([*_width(90), _FILTER], ("Operation",)),
    ([*_width(65), _FILTER], ("Kind",)),
    ([*_width(115), _to_events("This event alone", "trace")], ("Event",)),
    (
        [*_width(110), _WORDS, _FILTER, Property("color", {"mode": "fixed", "fixedColor": "red"})],
        ("Error",),
    ),
    ([*_width(75), _WORDS, _FILTER, looks.coloured_words(**_STATUSES)], ("Status",)),
]
COLUMNS: Overrides = {
    # else each blank cell had the words for a table without rows
    ALL: [Property("noValue", "")],
    **{name: look for look, names in _BY_LOOK for name in names},
    **{
        name: [*_width(width), _FILTER, _to_events(f"Events of this {name.lower()}", name.lower())]
        for name, width in _LINKED.items()
    },
}
"""One look for each name of a column, in every table; together they fit into 1,340 pixels: those of
a browser's window of 1,400."""

SLOWEST = rowsql.rows(
    f"""
    SELECT latency_ms AS "Duration", time_to_first_token_ms AS "First token",
        created_at / 1000.0 AS "Time", trace_id AS "Trace",
        provider AS "Provider", model AS "Model", status AS "Status",
        prompt_tokens AS "Input tokens", completion_tokens AS "Output tokens", cost_usd AS "Cost",
        agent AS "Agent", session_id AS "Session"
    {rowsql.ROWS} AND {IS_CALL} AND latency_ms IS NOT NULL
    ORDER BY latency_ms DESC LIMIT 50
    """,
    "Time",
)


def table_of(
    title: str, description: str, query: rowsql.Query, *, width: int, height: int, nothing: str
) -> models.Panel:
    """A table; what nobody knows is a blank, and `nothing` stands where there are no rows."""
    panel = described(table.Panel(), title, description, "short", [query])
    panel.height(height).span(width).no_value(nothing).color_scheme(looks.fixed("blue"))
    panel.cell_height(common.TableCellHeight.SM).align(common.FieldTextAlignment.AUTO)
    shown = {
        name: look for name, look in COLUMNS.items() if name == ALL or f'"{name}"' in query.sql
    }
    return overridden(panel, shown).build()
