"""Asks Prometheus, as a panel does."""

import json
import math
import re
import urllib.parse
import urllib.request
from typing import Any

from ..reading.dashboards import Target
from ..reading.windows import Window
from .columns import Column

_NAME = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Prometheus:
    """One at a `url` of http. Raises OSError where it does not answer or says no."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def ask(self, target: Target, query: str, window: Window, step_ms: int) -> list[Column]:
        """The series over the window, or at its end where the target is `instant`."""
        if target.json.get("instant"):
            found = self.get("query", query=query, time=window.to_ms / 1000)
        else:
            # both ends on whole steps, as Grafana does, so that a picture does not tremble
            start, end = (at // step_ms * step_ms for at in (window.from_ms, window.to_ms))
            span = {"start": start / 1000, "end": end / 1000, "step": step_ms / 1000}
            found = self.get("query_range", query=query, **span)
        legend = target.json.get("legendFormat") or ""
        return [_column(one, legend, step_ms) for one in found["result"]]

    def label_values(self, selector: str | None, label: str, window: Window) -> list[str]:
        """The values of a label within the window."""
        span = {"start": window.from_ms / 1000, "end": window.to_ms / 1000}
        match = {"match[]": selector} if selector else {}
        found: list[str] = self.get(f"label/{label}/values", **span, **match)
        return found

    def get(self, path: str, **parameters: object) -> Any:
        """The data of an answer of its API."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 whom one names
            return json.load(response)["data"]


def _column(one: dict[str, Any], legend: str, step_ms: int) -> Column:
    """A series, with None where steps are missing or it has no finite number."""
    labels = one["metric"]
    name = _NAME.sub(lambda use: labels.get(use[1], ""), legend) or json.dumps(labels)
    column = Column(name, [], [], labels)
    for when, value in one.get("values") or [one["value"]]:
        if column.times and when * 1000 - column.times[-1] > 1.5 * step_ms:
            column.times.append(column.times[-1] + step_ms)
            column.values.append(None)
        column.times.append(when * 1000)
        column.values.append(float(value) if math.isfinite(float(value)) else None)
    return column
