"""Draws the dashboards after a staged day: `python -m tests.monitoring.images [MINUTES]`."""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from grafana.drawing.__main__ import main as draw

from .day import lived

FOLDER = Path(__file__).parents[2] / "docs" / "images"
MINUTES = 10.0
_SCRAPE_SECONDS = 5
"""Said to be longer than it is, for rates over more than a few calls."""


def main(minutes: float = MINUTES, folder: Path = FOLDER) -> None:
    """Live a day, and draw it while all that was asked still runs."""
    print(f"a day of {minutes:g} minutes begins", flush=True)
    with TemporaryDirectory() as there, lived(Path(there), minutes) as stage:
        arguments = [
            f"--prometheus={stage.prometheus.url}",
            f"--db={stage.database}",
            f"--from={stage.started}",
            f"--to={time.time()}",
            f"--scrape={_SCRAPE_SECONDS}",
            f"--pick=trace={_failed(stage.database)}",
        ]
        draw([str(folder), *arguments])


def _failed(database: str) -> str:
    """The trace of the last call that failed and has its error, so that there is one to show."""
    both = "SELECT trace_id FROM error_events JOIN llm_traces USING (trace_id)"
    with closing(sqlite3.connect(database)) as db:
        ((trace,),) = db.execute(f"{both} ORDER BY error_events.id DESC LIMIT 1")
    return str(trace)


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else MINUTES)
