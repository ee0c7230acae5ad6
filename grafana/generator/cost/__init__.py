"""What was spent on what and by whom, how much of it nobody knows, and what goes wrong."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from .. import frame, promql, rowsql
from . import details, glance, spenders, troubles


def make() -> Dashboard:
    """The dashboard: sums of stored rows, exact to the last one, and rates from Prometheus."""
    dash = frame.dashboard("tokenweir-cost", "tokenweir cost and agents", __doc__, "now-24h", "5m")
    rowsql.add_variables(dash)
    promql.add_variables(dash)
    modules = (glance, spenders, details, troubles)
    return frame.fill(dash, [row for one in modules for row in one.ROWS])
