"""A real Prometheus on loopback, configured as ours is shipped, but in a hurry."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from .programs import find, free_port, running
from .prometheus import Prometheus

SHIPPED = Path(__file__).parents[2] / "grafana" / "prometheus" / "prometheus.yml"
INTERVAL = 1.0
"""Seconds between two scrapes."""


@contextmanager
def prometheus(there: Path, service: str, alerts: str = "", **job: object) -> Iterator[Prometheus]:
    """One that scrapes `service`, a URL; `alerts` is the URL of an Alertmanager.

    `there` is an empty directory; `job` goes into the configuration of the scrape.
    """
    program = find("prometheus")
    address = f"127.0.0.1:{free_port()}"
    config = there / "prometheus.yml"
    config.write_text(yaml.safe_dump(_config(service, alerts, job)))
    command = (
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={there / 'data'}",
        f"--web.listen-address={address}",
        "--web.enable-admin-api",
        "--rules.alert.resend-delay=1s",
    )
    with running(command, there / "log", f"http://{address}/-/ready"):
        yield Prometheus(f"http://{address}", there / "log")


def _config(service: str, alerts: str, job: dict[str, object]) -> dict[str, Any]:
    """What is shipped, but for who is scraped, who is told, and how often."""
    shipped: dict[str, Any] = yaml.safe_load(SHIPPED.read_text())
    soon = f"{INTERVAL:g}s"
    every = {"scrape_interval": soon, "scrape_timeout": soon, "evaluation_interval": soon}
    shipped["global"] = {**shipped.get("global", {}), **every}
    (ours,) = (one for one in shipped["scrape_configs"] if one["job_name"] == "tokenweir")
    ours |= {"static_configs": _targets(service), "scrape_interval": soon, "scrape_timeout": soon}
    shipped["scrape_configs"] = [{**ours, **job}]
    shipped["rule_files"] = [str(SHIPPED.parent / name) for name in shipped["rule_files"]]
    told = [{"static_configs": _targets(alerts)}] if alerts else []
    shipped["alerting"] = {"alertmanagers": told}
    return shipped


def _targets(url: str) -> list[dict[str, Any]]:
    return [{"targets": [url.removeprefix("http://")]}]
