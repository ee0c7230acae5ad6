"""One life of the service in a sandbox: `python -m tests.sandboxed DATABASE` prints what it saw."""

import json
import sys
from pathlib import Path

from .process import run, serving, wait_until


def main(database):
    """Traffic, every page, every command that reads, and a clean stop."""
    with serving(database) as service:
        sent = run("send-sample", f"--url={service.url}", "--count=300").stdout
        health, metrics = service.json("/health"), service.get("/metrics")
        wait_until(lambda: service.metric("tokenweir_queue_events") == 0, "an empty queue")
        seen = {
            file.name: oct(file.stat().st_mode)[-3:] for file in Path(database).parent.iterdir()
        }
        status, errors = service.stop()
    left = [file.name for file in Path(database).parent.iterdir()]
    rows = run("query", "traces", f"--db={database}", "--json", "--limit=1000").stdout
    told = {"sent": sent, "health": health["status"], "metrics": len(metrics), "modes": seen}
    told |= {"status": status, "errors": errors, "rows": rows.count("\n"), "left": left}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
