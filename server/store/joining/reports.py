"""What a report says of itself, and of other reports."""

from collections.abc import Iterable
from typing import Any

import orjson

from ... import links
from ...events import TURN_USAGE, Error, Trace

LITELLM = "litellm"
"""Source of what LiteLLM's callback posts: its event id is that of the call."""

OF_CALL = ":error"
"""How the id of a failed call's error ends, behind that of the call."""
OPENCLAW = "openclaw"
"""Scope of the spans whose cost is told by a metric."""


def shared(report: Trace) -> list[str]:
    """The keys that name its call."""
    return [key for key in report.keys or () if key.startswith(links.SHARED)]


def told(report: Trace | Error, prefix: str) -> list[str]:
    """What stands behind `prefix` in its keys."""
    return [key[len(prefix) :] for key in report.keys or () if key.startswith(prefix)]


def above(report: Trace) -> list[str]:
    """The event ids that a call which it is a part of may have: its parent span's first."""
    parent = [f"{report.trace_id}:{report.parent_span_id}"] if is_nested(report) else []
    return parent + told(report, links.UNDER)


def is_span(report: Trace) -> bool:
    """Whether its id is that of a span."""
    return report.span_id is not None and report.event_id.endswith(f":{report.span_id}")


def is_nested(report: Trace) -> bool:
    return report.parent_span_id is not None and is_span(report)


def has_id_of_call(report: Trace) -> bool:
    """Whether its event id is that of the call in LiteLLM, by which others find it."""
    return report.source == LITELLM and report.event_id in told(report, links.LITELLM)


def fills(report: Trace) -> str | None:
    """The event id of the call that it only brings texts for."""
    return next(iter(told(report, links.PART)), None)


def is_usage(report: Trace) -> bool:
    """Whether it adds up the calls of its trace."""
    return report.operation == TURN_USAGE and bool(told(report, links.TURN))


def has_tokens(report: Trace) -> bool:
    counts = (report.prompt_tokens, report.completion_tokens, report.total_tokens)
    return any(count is not None for count in counts)


def metadata(report: Trace) -> dict[str, Any]:
    """Its metadata as an object; an empty one where somebody else wrote what is none."""
    found: object = orjson.loads(report.metadata) if report.metadata else {}
    return found if isinstance(found, dict) else {}


def keys_of_row(row: Trace) -> tuple[str, ...]:
    """The keys that the report had which became this row, as far as its columns tell them."""
    said = metadata(row)
    call_id, response_id = said.get("litellm_call_id"), said.get("response_id")
    if row.source == LITELLM:
        call_id = row.event_id.removesuffix(f":{row.started_at}")
    found = []
    if response_id and response_id != call_id and not _is_cached(said):
        found.append(links.response(row.provider, response_id))
    if call_id:
        found.append(links.litellm(call_id))
    if said.get("scope") == OPENCLAW:
        found.append(links.metered(said.get("service_name") or "", row.provider, row.model))
    if row.operation == TURN_USAGE:
        found.append(links.turn(row.trace_id))
    return tuple(found)


def _is_cached(said: dict[str, Any]) -> bool:
    """Whether a cache answered, with the id of another call's response."""
    attributes = said.get("attributes")
    nested = attributes if isinstance(attributes, dict) else {}
    hits = (said.get("cache_hit"), nested.get("litellm.cache_hit"))
    return any(str(hit).lower() == "true" for hit in hits)


def reporter(report: Trace) -> str:
    """Who tells of it: a library that instruments, or a callback. One tells of a call once."""
    return f"{report.source} {metadata(report).get('scope')}"


def span_of(report: Trace) -> tuple[float, float] | None:
    """When it began and ended, in Unix ms."""
    if report.started_at is None:
        return None
    return report.started_at, report.started_at + (report.latency_ms or 0.0)


def as_reported(row: Trace) -> Trace:
    """A row without what was computed for it."""
    if row.cost_source != "computed":
        return row
    told = metadata(row)
    told.pop("price_table", None)
    return row._replace(
        cost_usd=None, cost_source=None, metadata=orjson.dumps(told) if told else None
    )


def ids(reports: Iterable[Trace]) -> set[str]:
    return {report.event_id for report in reports}
