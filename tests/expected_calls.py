"""What captured requests are to be stored as in all: from their expected.json, and nothing else."""

from collections import defaultdict
from typing import Any

from .corpus import expected_of, scenario_of

KINDS = (
    *("prompt_tokens", "completion_tokens", "total_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
)
Told = dict[str, Any]


class Calls:
    """The calls that some requests tell of, each once, by its id: a span's, or LiteLLM's."""

    def __init__(self, bodies):
        self.reports: dict[str, list[Told]] = {}
        self.usages: dict[str, Told] = {}
        self.names: dict[str, str] = {}
        """The call of every id that tells of one."""
        self.twice: set[str] = set()
        """Those that may be two rows: nothing but the time says that they are one."""
        self.said: list[Told] = []
        """Texts that came without their calls."""
        self.metered = 0.0
        for body in bodies:
            self._read(expected_of(body))
        self._pair(bodies)

    def _read(self, expected):
        for one in expected.get("traces", []):
            self._add(one)
        for one in expected.get("nested_llm_spans_not_counted", []):
            (outer,) = expected["traces"]
            self.names[one["span_id"]] = outer["span_id"]
        for one in expected.get("turn_usage", []):
            self.usages[one["span_id"]] = one
        self.said += [one for one in expected.get("content_events", []) if one["span_id"]]
        for one in expected.get("openclaw_cost_usd", []):  # a sum of one gateway, so far
            self.metered = max(self.metered, one["value"])

    def _add(self, told):
        name = id_of(told)
        self.reports.setdefault(name, [told])
        self.names[name] = name
        if told.get("twin_without_response_id"):
            self.twice.add(name)

    def _pair(self, bodies):
        """Have the two reports of a call in LiteLLM's proxy be one call."""
        proxied: dict[Any, tuple[list[Told], list[Told]]] = defaultdict(lambda: ([], []))
        for body in bodies:
            if body.parent.name == "litellm-proxy":
                for one in expected_of(body)["traces"]:
                    proxied[scenario_of(body)]["call_id" in one].append(one)
        for spans, logged in proxied.values():
            for one in logged:
                same = [span for span in spans if span["trace_id"] == one["trace_id"]]
                if twins := same or (spans if len(spans) == len(logged) == 1 else []):
                    self._join(id_of(twins[0]), id_of(one))

    def _join(self, name, other):
        self.reports[name] += self.reports.pop(other)
        self.names[other] = name

    def tokens(self, kind):
        """In all."""
        usages = [one[kind] or 0 for one in self.usages.values()]
        return sum(_first(reports, kind) for reports in self.reports.values()) + sum(usages)

    def cost(self):
        """That the calls report, in all."""
        return sum(_first(reports, "cost_usd") for reports in self.reports.values())

    def of(self, row):
        """The call that a row is of."""
        return next(
            (self.names[part] for part in row["event_id"].split(":") if part in self.names), None
        )


def id_of(told):
    return told.get("span_id") or told["call_id"]


def _first(reports, name):
    return next((one[name] for one in reports if one.get(name)), 0)
