"""What a Prometheus answers over its HTTP API."""

import math
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from grafana.asking import prometheus

from ..process import wait_until

Samples = list[tuple[float, float]]
"""Unix times and values."""


class Prometheus(prometheus.Prometheus):
    """`log` is the file of what it says."""

    def __init__(self, url: str, log: Path) -> None:
        super().__init__(url)
        self.log = log

    def instant(self, query: str, at: float | None = None) -> list[tuple[dict[str, str], float]]:
        """The labels and the value of each series, now or at a Unix time."""
        when = {} if at is None else {"time": at}
        found = self.get("query", query=query, **when)["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def value(self, query: str, at: float | None = None) -> float:
        """The value of the one series that a query has."""
        ((_, value),) = self.instant(query, at)
        return value

    def over(
        self, query: str, start: float, end: float, step: float
    ) -> list[tuple[dict[str, str], Samples]]:
        """The labels and the samples of each series."""
        found = self.get("query_range", query=query, start=start, end=end, step=step)["result"]
        return [(one["metric"], _numbers(one["values"])) for one in found]

    def raw(self, selector: str, since: float) -> list[tuple[dict[str, str], Samples]]:
        """The labels and every sample scraped of each series since a Unix time."""
        ago = math.ceil(time.time() - since)
        found = self.get("query", query=f"{selector}[{ago}s]")["result"]
        return [(one["metric"], _numbers(one["values"])) for one in found]

    def names(self) -> list[str]:
        """The names of all series that it has."""
        found: list[str] = self.get("label/__name__/values")
        return found

    def rules(self) -> list[dict[str, Any]]:
        """Every rule, with what its last evaluation said."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """Whom it scrapes, with what the last scrape said."""
        found: list[dict[str, Any]] = self.get("targets")["activeTargets"]
        return found

    def metadata(self) -> dict[str, str]:
        """The types of all metrics, by the name that the scrape gave them."""
        return {one["metric"]: one["type"] for one in self.get("targets/metadata")}

    def forget(self, selector: str) -> None:
        """Delete the samples so far of all series that match, as time would."""
        query = urllib.parse.urlencode({"match[]": selector})
        url = f"{self.url}/api/v1/admin/tsdb/delete_series?{query}"
        urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10).close()  # noqa: S310 our own

    def catch_up(self, scrapes: int = 1) -> float:
        """Wait until so many scrapes of the service have begun from now on; when the last did."""
        last = time.time()
        for _ in range(scrapes):
            last = self._scraped_after(last)
        return last

    def _scraped_after(self, moment: float) -> float:
        when: list[float] = []

        def is_scraped() -> bool:
            when[:] = [value for _, value in self.instant("timestamp(tokenweir_build_info)")]
            return bool(when) and max(when) > moment

        wait_until(is_scraped, "a scrape", 30)
        return max(when)


def _numbers(values: list[list[Any]]) -> Samples:
    return [(float(when), float(value)) for when, value in values]
