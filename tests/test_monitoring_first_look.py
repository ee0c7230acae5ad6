"""What somebody sees who has started it all, and sends the sample traffic."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from grafana.asking.asked import Asked
from grafana.asking.sqlite import Database
from grafana.reading.dashboards import read_all
from grafana.reading.windows import Window

from .monitoring.scraping import INTERVAL, prometheus
from .process import serving, start

DASHBOARDS = read_all()
FAILED = "SELECT trace_id FROM llm_traces WHERE status = 'error'"


@pytest.mark.slow
def test_sample_traffic_at_a_rate_leaves_no_panel_without_data(database, tmp_path):
    (tmp_path / "prometheus").mkdir()
    with (
        serving(database) as service,
        prometheus(tmp_path / "prometheus", service.url) as looking,
    ):
        began = looking.catch_up()
        with start("send-sample", f"--url={service.url}", "--rate=20", "--count=2000") as sending:
            ended = looking.catch_up(10)
            sending.terminate()
            sending.communicate()
        window = Window(int(began * 1000), int(ended * 1000), scrape_ms=int(INTERVAL * 1000))
        with closing(sqlite3.connect(database)) as db:
            (trace,) = db.execute(FAILED).fetchone()
        for dashboard in DASHBOARDS:
            asked = Asked(dashboard, window, looking, Database(Path(database)), {"trace": trace})
            empty = [
                panel.title
                for panel in dashboard.panels
                if not any(column.numbers for column in asked.panel(panel, 1000))
            ]
            assert empty == []
