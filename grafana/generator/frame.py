"""What all dashboards have in common, and how rows of panels become one."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, Row
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models

TAG = "tokenweir"


@dataclass(frozen=True)
class Rows:
    """Panels under a title; collapsed ones are asked for only once somebody opens them."""

    title: str
    panels: Sequence[models.Panel]
    collapsed: bool = False


def dashboard(uid: str, title: str, description: str, since: str, refresh: str) -> Dashboard:
    """A dashboard without variables and panels; it shows the time from `since` on, and asks again
    every `refresh`."""
    return (
        Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .version(1)
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .timezone("browser")
        .refresh(refresh)
        .time(since, "now")
        .annotations([])
        .link(_others())
    )


def fill(dash: Dashboard, rows: Sequence[Rows]) -> models.Dashboard:
    """The dashboard with its rows, in their order, from left to right."""
    for number, row in enumerate(rows, start=1):
        _add(dash, row, number * 100)
    return dash.build()


def _add(dash: Dashboard, row: Rows, first: int) -> None:
    head = Row(row.title).id(first).collapsed(row.collapsed)
    panels = [_Numbered(*one) for one in enumerate(row.panels, start=first + 1)]
    for panel in panels if row.collapsed else ():
        head.with_panel(panel)
    dash.with_row(head)
    for panel in () if row.collapsed else panels:
        dash.with_panel(panel)


class _Numbered(Builder[models.Panel]):
    """A panel of its own that looks like one that is ready, for the SDK to place."""

    def __init__(self, number: int, panel: models.Panel) -> None:
        self._panel = deepcopy(panel)
        self._panel.id_val = number

    def build(self) -> models.Panel:
        return self._panel


def _others() -> DashboardLink:
    return (
        DashboardLink("tokenweir dashboards")
        .type(models.DashboardLinkType.DASHBOARDS)
        .icon("external link")
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
    )
