"""What every panel has, and the large numbers."""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import TypeVar

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizTextDisplayOptions
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Property

from . import looks, promql, rowsql

Queries = Sequence[Dataquery | rowsql.Query]
Overrides = dict[str, list[Property]]
Panel = TypeVar("Panel", stat.Panel, table.Panel, timeseries.Panel)


def number(
    title: str,
    description: str,
    unit: str,
    queries: Queries,
    *,
    width: int,
    height: int = 4,
    thresholds: ThresholdsConfig | None = None,
    nothing: str = "none",
    decimals: int | None = None,
    mappings: list[models.ValueMapping] | None = None,
    shown: common.BigValueTextMode = common.BigValueTextMode.VALUE,
    letters: int | None = None,
    overrides: Overrides | None = None,
) -> models.Panel:
    """A large number, on a colour where there are thresholds; `nothing` stands where none is.

    `letters` is their size in pixels, where as large as fits is too large.
    """
    panel = described(stat.Panel(), title, description, unit, queries)
    panel.height(height).span(width).graph_mode(common.BigValueGraphMode.NONE).text_mode(shown)
    panel.justify_mode(common.BigValueJustifyMode.CENTER)
    panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    panel.no_value(nothing)
    _colour(panel, thresholds)
    if mappings:
        panel.mappings(mappings)
    if decimals is not None:
        panel.decimals(decimals)
    if letters is not None:
        panel.text(VizTextDisplayOptions().value_size(letters))
    return overridden(panel, overrides).build()


def described(panel: Panel, title: str, description: str, unit: str, queries: Queries) -> Panel:
    """The panel with what none may lack."""
    panel.title(title).description(description).unit(unit)
    panel.datasource(rowsql.SOURCE if isinstance(queries[0], rowsql.Query) else promql.SOURCE)
    for ref, query in zip(ascii_uppercase, queries, strict=False):
        query.ref_id(ref)
        panel.with_target(query)
    return panel


def overridden(panel: Panel, overrides: Overrides | None) -> Panel:
    """The panel with other looks for some of its fields, by their names or by a /pattern/."""
    for name, properties in (overrides or {}).items():
        by = panel.override_by_regexp if name.startswith("/") else panel.override_by_name
        by(name, properties)
    return panel


def _colour(panel: stat.Panel, thresholds: ThresholdsConfig | None) -> None:
    if thresholds is None:
        panel.color_mode(common.BigValueColorMode.VALUE).color_scheme(looks.fixed("blue"))
    else:
        panel.color_mode(common.BigValueColorMode.BACKGROUND).color_scheme(looks.BY_THRESHOLD)
        panel.thresholds(thresholds)
