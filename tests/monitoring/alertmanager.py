"""A real Alertmanager, which tells a webhook instead of people."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from .programs import find, free_port, running

SHIPPED = Path(__file__).parents[2] / "grafana" / "alertmanager" / "alertmanager.yml"
_SOON = {"group_wait": "100ms", "group_interval": "1s", "repeat_interval": "1h"}


@contextmanager
def alertmanager(there: Path, webhook: str) -> Iterator[str]:
    """Its URL while the context lasts; `there` is an empty directory, `webhook` a URL."""
    program = find("prometheus-alertmanager", "alertmanager")
    address = f"127.0.0.1:{free_port()}"
    config = there / "alertmanager.yml"
    config.write_text(yaml.safe_dump(_config(webhook)))
    command = (
        program,
        f"--config.file={config}",
        f"--storage.path={there / 'data'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    )
    with running(command, there / "log", f"http://{address}/-/ready"):
        yield f"http://{address}"


def _config(webhook: str) -> dict[str, Any]:
    """What is shipped, but for where each receiver tells, and how long a group is waited for."""
    shipped: dict[str, Any] = yaml.safe_load(SHIPPED.read_text())
    told = [{"url": webhook, "send_resolved": True}]
    names = [receiver["name"] for receiver in shipped["receivers"]]
    receivers = [{"name": name, "webhook_configs": told} for name in names]
    return {**shipped, "route": _hurried(shipped["route"]), "receivers": receivers}


def _hurried(route: dict[str, Any]) -> dict[str, Any]:
    return {**route, **_SOON, "routes": [_hurried(one) for one in route.get("routes", ())]}
