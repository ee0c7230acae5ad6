"""Metrics: what calls cost, where it is told nowhere else; the rest is counted as skipped."""

import json
from collections.abc import Iterator
from typing import Any

from ... import links
from ...events import TURN_USAGE, Group, Invalid, Item, Rejected, Skipped
from ...ids import hashed
from ..lenient import amount
from ..maker import Maker
from . import SOURCE
from .about import milliseconds, origin
from .calls.attributes import read
from .decoding import reading
from .records import Metric, Point

COSTS = frozenset(("openclaw.cost.usd",))
"""Sums in US dollars that are on no span.

Not LiteLLM's and logfire's (`gen_ai.client.token.cost`, `operation.cost`): their spans have the
same. Not Claude Code's: its spans name no provider, and would be priced beside it.
"""
_METRIC = Skipped("metric")


class MetricsReceiver:
    """Reads the bodies of /v1/metrics."""

    def __init__(self, maker: Maker, max_metrics: int) -> None:
        self._maker, self._max_metrics = maker, max_metrics

    def read(self, body: bytearray, media_type: str) -> Iterator[Item]:
        for metric in reading.metrics(body, media_type, self._max_metrics, COSTS):
            if isinstance(metric, Metric) and metric.points:
                for point in metric.points:
                    yield self._item(metric, point)
            else:
                yield metric if isinstance(metric, Rejected) else _METRIC

    def _item(self, metric: Metric, point: Point) -> Item:
        if not point.value:
            return _METRIC
        try:
            return self._cost(metric, point)
        except Invalid as fault:
            return fault.rejected("trace")

    def _cost(self, metric: Metric, point: Point) -> Group:
        """What a point says. What of it is new only the store knows: see `store/metering.py`."""
        series = _series(metric, point)
        trace = self._maker.trace(_members(metric, point, series), SOURCE)
        about = links.Reading(series, metric.is_delta, milliseconds(point.start_ns) or 0)
        service = origin(metric.resource, metric.scope).get("service_name", "")
        payer = links.metered(self._maker.ident(service), trace.provider, trace.model)
        return (trace._replace(keys=(links.series(about), payer)),)


def _members(metric: Metric, point: Point, series: str) -> dict[str, Any]:
    """Of the native trace. The id is the same when the point is sent again."""
    value, time = amount(point.value), milliseconds(point.time_ns)
    if value is None or time is None:
        path, message = ("/time", "a time") if time is None else ("/value", "an amount from 0 on")
        raise Invalid("schema_invalid", path, f"must be {message}")
    columns, metadata, rest = read(point.attributes)
    about = {**origin(metric.resource, metric.scope), **metadata, "metric": metric.name}
    return {
        "provider": columns.get("provider") or "unknown",
        "model": columns.get("model") or "unknown",
        "agent": columns.get("agent"),
        "session_id": columns.get("session_id"),
        "event_id": f"{series}:{point.time_ns}:{value!r}",
        "started_at": time,
        "operation": TURN_USAGE,
        "cost_usd": value,
        "metadata": {**about, **({"attributes": rest} if rest else {})},
    }


def _series(metric: Metric, point: Point) -> str:
    """The same for all points that add up to one sum. A start anew is another one.

    All of the resource is in it: nothing less tells two gateways of one name apart.
    """
    start = 0 if metric.is_delta else point.start_ns
    same = (metric.resource, metric.scope, metric.name, point.attributes, start)
    return hashed(json.dumps(same, sort_keys=True, default=repr))
