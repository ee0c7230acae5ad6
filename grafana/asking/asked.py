"""What a dashboard's queries answer, with its variables resolved as Grafana would."""

from collections.abc import Mapping
from dataclasses import replace

from ..reading import queries
from ..reading.chosen import Chosen, Picks, choose
from ..reading.dashboards import SQLITE, Dashboard, Panel, Target, Variable
from ..reading.prometheus import label_values
from ..reading.windows import Window
from .columns import Column
from .prometheus import Prometheus
from .sqlite import Database


class Asked:
    """The answers of a dashboard over a window; `picks` are chosen in its variables.

    `options` are the values of each variable that has a query. Raises what the sources raise.
    """

    def __init__(
        self,
        dashboard: Dashboard,
        window: Window,
        prometheus: Prometheus,
        database: Database,
        picks: Picks,
    ) -> None:
        self.dashboard, self._window = dashboard, window
        self._prometheus, self._database = prometheus, database
        self.options: dict[str, list[str]] = {}
        for one in dashboard.variables:
            if one.type == "query":  # it may use those before it
                chosen = choose(dashboard, picks, self.options)
                self.options[one.name] = self._values(one, chosen)
        self._chosen = choose(dashboard, picks, self.options)

    def panel(self, panel: Panel, points: int) -> list[Column]:
        """What the panel, so many points wide, has to show."""
        answers = (self.target(panel, one, points) for one in panel.targets)
        return [column for columns in answers for column in columns]

    def target(self, panel: Panel, target: Target, points: int = 1000) -> list[Column]:
        """What one query of the panel answers."""
        window = replace(self._window, points=points)
        query = queries.of_panel(panel, target, self._chosen, window)
        return self._ask(target, query, *queries.asked_for(panel, window))

    def annotation(self, target: Target) -> list[Column]:
        """What the query of an annotation answers."""
        query = queries.of_annotation(target, self._chosen, self._window)
        return self._ask(target, query, self._window, 1)

    def _ask(self, target: Target, query: str, window: Window, least_ms: int) -> list[Column]:
        if target.kind == SQLITE:
            return self._database.ask(target, query)
        step = max(window.interval_ms(least_ms), window.scrape_ms)
        return self._prometheus.ask(target, query, window, step)

    def _values(self, variable: Variable, chosen: Mapping[str, Chosen]) -> list[str]:
        query = queries.of_variable(variable, chosen, self._window)
        if variable.kind == SQLITE:
            return [str(row[0]) for row in self._database.rows(query)[1]]
        return self._prometheus.label_values(*label_values(query), self._window)
