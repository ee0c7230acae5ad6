"""What asks the stored rows, by the plugin frser-sqlite-datasource.

The plugin takes the type of a column that is computed from its first value that is not NULL, so
no such column may mix whole numbers and fractions. Its time series of an empty answer is an error
if the column that names the series is one of the table's; so that is computed, too.
"""

from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DatasourceVariable,
    QueryVariable,
    TextBoxVariable,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import DataSourceRef

from server.store.reader import IS_CALL, NO_USAGE
from server.store.unpriced import DUE

SOURCE = DataSourceRef("frser-sqlite-datasource", "${sqlite}")

NO_AGENT = "coalesce(agent, '(none)')"
NO_SESSION = "coalesce(session_id, '(none)')"
WITHIN = "created_at BETWEEN $__from AND $__to"

# All is NULL, and nothing is IN (NULL): so All takes every row, whatever the senders call things
_CHOSEN = f"""
    {WITHIN}
    AND coalesce(coalesce(provider, 'unknown') IN (${{provider:sqlstring}}), 1)
    AND coalesce(coalesce(model, 'unknown') IN (${{model:sqlstring}}), 1)
    AND coalesce({NO_AGENT} IN (${{agent:sqlstring}}), 1)
    AND ${{session:sqlstring}} IN ('', {NO_SESSION})
"""
ROWS = f"FROM llm_traces WHERE counted AND {_CHOSEN}"
ERRORS = f"FROM error_events WHERE {_CHOSEN}"

CALLS = f"count(*) FILTER (WHERE {IS_CALL})"
FAILED = f"count(*) FILTER (WHERE {IS_CALL} AND status <> 'ok')"
WITHOUT_USAGE = f"count(*) FILTER (WHERE {NO_USAGE})"
WITHOUT_PRICE = f"count(*) FILTER (WHERE {DUE})"
LAST_SEEN = "max(created_at) / 1000.0"
BUCKET = "$__unixEpochGroupSeconds(created_at, $__interval_ms) / 1000"
"""In seconds: the macro does not mind that both of its arguments are milliseconds."""
A_MINUTE = "* 60000.0 / $__interval_ms"


class Query(Builder[Dataquery]):
    """A query in the plugin's own words, which the SDK does not know."""

    def __init__(self, sql: str, kind: str, times: list[str]) -> None:
        self._data: dict[str, object] = {
            "datasource": SOURCE.to_json(),
            "rawQueryText": _one_line(sql),
            "queryText": _one_line(sql),
            "queryType": kind,
            "timeColumns": times,
        }

    @property
    def sql(self) -> str:
        """What it asks, with variables and macros."""
        return str(self._data["rawQueryText"])

    @property
    def names_series(self) -> bool:
        """Whether a column says what a series is called; else the columns' names do."""
        return " AS name," in self.sql

    def ref_id(self, ref: str) -> "Query":
        """Name it within its panel."""
        self._data["refId"] = ref
        return self

    def build(self) -> Dataquery:
        return UnknownDataquery(self._data)


def rows(sql: str, *times: str) -> Query:
    """Rows of a table; `times` are columns in Unix seconds."""
    return Query(sql, "table", list(times))


def over_time(columns: str, rest: str) -> Query:
    """A line for each name in the column `name`, or for each number: at most 20,000 points, of
    the latest if there are more."""
    newest = f"SELECT {BUCKET} AS time, {columns} {rest} ORDER BY 1 DESC LIMIT 20000"
    return Query(f"SELECT * FROM ({newest}) ORDER BY time", "time series", ["time"])  # noqa: S608 our own names


def _one_line(sql: str) -> str:
    return " ".join(sql.split())


def add_variables(dash: Dashboard) -> None:
    """The data source, and of which rows to tell."""
    dash.with_variable(
        DatasourceVariable("sqlite").label("Stored rows").type("frser-sqlite-datasource")
    )
    dash.with_variable(_names("provider", "Provider", "provider"))
    chosen = " AND coalesce(provider IN (${provider:sqlstring}), 1)"
    dash.with_variable(_names("model", "Model", "model", chosen))
    dash.with_variable(_names("agent", "Agent", NO_AGENT))
    dash.with_variable(text_box("session", "Session", "One session's id; empty for all."))


def text_box(name: str, label: str, description: str) -> TextBoxVariable:
    """A variable to type, or to be set by a link."""
    nothing = models.VariableOption(text="", value="")
    box = TextBoxVariable(name).label(label).description(description)
    return box.default_value("").current(nothing)


def _names(name: str, label: str, column: str, more: str = "") -> QueryVariable:
    sql = f"SELECT DISTINCT {column} FROM llm_traces WHERE counted AND {WITHIN}{more}"  # noqa: S608 our own names
    return (
        QueryVariable(name)
        .label(label)
        .description(f"Of the rows in the time range; the lists are cut at 500 {name}s.")
        .datasource(SOURCE)
        .query(f"{sql} ORDER BY 1 LIMIT 500")
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value("NULL")
        .current(models.VariableOption(text=["All"], value=["$__all"]))
    )
