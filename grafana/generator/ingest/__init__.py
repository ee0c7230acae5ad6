"""Is tokenweir up and taking events, is anything lost, and does the store keep up?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from .. import frame, promql
from . import intake, journal, models, overview, process, queue, store


def make() -> Dashboard:
    """The dashboard, all from Prometheus."""
    dash = frame.dashboard("tokenweir-ingest", "tokenweir ingest", __doc__, "now-1h", "30s")
    promql.add_variables(dash)
    modules = (overview, intake, queue, models, journal, store, process)
    return frame.fill(dash, [one.ROWS for one in modules])
