"""What asks Prometheus: queries, variables, and the mark where a process started."""

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DatasourceVariable,
    QueryVariable,
)
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.prometheus import QueryEditorMode

SOURCE = DataSourceRef("prometheus", "${datasource}")
_WORDS = {
    "SEL": 'job=~"$job",instance=~"$instance"',
    "[RI]": "[$__rate_interval]",
    "EVENT_ROUTES": 'route=~"traces|errors|litellm|logs|otlp_metrics|envelope"',
}


def over_time(expr: str, legend: str = "") -> Dataquery:
    """A line for each series; SEL, [RI] and EVENT_ROUTES in `expr` are short for what they say."""
    query = _query(expr).range()
    return query.legend_format(legend) if legend else query


def now(expr: str, legend: str = "") -> Dataquery:
    """The value at the end of the time range."""
    query = _query(expr).instant()
    return query.legend_format(legend) if legend else query


def quantiles(metric: str, shares: tuple[float, ...], match: str = "") -> list[Dataquery]:
    """A line for each quantile of a histogram."""
    return [
        over_time(
            f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{{SEL{match}}}[RI])))",
            f"p{round(share * 100)}",
        )
        for share in shares
    ]


def add_variables(dash: Dashboard) -> None:
    """The data source, and which processes to look at; marks where one of them started."""
    dash.with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    dash.with_variable(
        _names("job", "Job", "label_values(tokenweir_build_info, job)")
        .description("The scrape job; All takes those of other services too, in up and process.")
        .current(models.VariableOption(text=["tokenweir"], value=["tokenweir"]))
    )
    dash.with_variable(
        _names("instance", "Instance", 'label_values(tokenweir_build_info{job=~"$job"}, instance)')
        .description("The scraped instances of the chosen jobs.")
        .current(models.VariableOption(text=["All"], value=["$__all"]))
    )
    dash.annotation(_restarts())


def _query(expr: str) -> Dataquery:
    for word, meaning in _WORDS.items():
        expr = expr.replace(word, meaning)
    return Dataquery().expr(expr).datasource(SOURCE).editor_mode(QueryEditorMode.CODE)


def _names(name: str, label: str, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .definition(query)
        .query(
            {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
        )
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
    )


def _restarts() -> AnnotationQuery:
    return (
        AnnotationQuery()
        .name("Restarts")
        .datasource(SOURCE)
        .enable(True)
        .icon_color("orange")
        .expr(f"changes(process_start_time_seconds{{{_WORDS['SEL']}}}[2m]) > 0")
        .step("60s")
        .title_format("Restart")
        .text_format("{{instance}}")
        .tag_keys("job")
    )
