"""A dashboard's file: its panels, also those in collapsed rows, what they ask, its variables."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROMETHEUS = "prometheus"
SQLITE = "frser-sqlite-datasource"
"""The types of data source that our dashboards have."""

ALL = "$__all"
"""The value of a variable that has All chosen."""

FOLDER = Path(__file__).parents[1] / "dashboards"

Json = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """One query of a panel: `kind` is the type of its data source, `text` PromQL or SQL."""

    ref: str
    kind: str
    text: str
    json: Json


@dataclass(frozen=True)
class Panel:
    """A panel that shows something; rows are left out."""

    id: int
    title: str
    type: str
    targets: tuple[Target, ...]
    json: Json


@dataclass(frozen=True)
class Variable:
    """`query` is PromQL's `label_values(...)`, SQL, or what a text box starts with."""

    name: str
    type: str
    kind: str | None
    query: str
    multi: bool
    with_all: bool
    all_value: str | None
    current: tuple[str, ...]
    json: Json


@dataclass(frozen=True)
class Dashboard:
    """`annotations` have a query each, as panels do."""

    uid: str
    title: str
    panels: tuple[Panel, ...]
    annotations: tuple[Target, ...]
    variables: tuple[Variable, ...]
    json: Json


def read_all() -> list[Dashboard]:
    """Our dashboards, by file name. Raises OSError, ValueError or KeyError."""
    return [read(path) for path in sorted(FOLDER.glob("*.json"))]


def read(path: Path) -> Dashboard:
    """The dashboard of a file. Raises OSError, ValueError or KeyError."""
    return parse(json.loads(path.read_text("utf-8")))


def parse(raw: Json) -> Dashboard:
    """The dashboard of decoded JSON. Raises KeyError where it lacks what Grafana needs."""
    return Dashboard(
        uid=raw["uid"],
        title=raw["title"],
        panels=tuple(_panel(one) for one in tiles(raw) if one["type"] != "row"),
        annotations=tuple(_target(one, one["name"]) for one in raw["annotations"]["list"]),
        variables=tuple(_variable(one) for one in raw["templating"]["list"]),
        json=raw,
    )


def tiles(raw: Json) -> Iterator[Json]:
    """Everything that has a place on a dashboard: rows, panels, and panels of collapsed rows."""
    for top in raw["panels"]:
        yield top
        yield from top.get("panels") or ()


def _panel(raw: Json) -> Panel:
    targets = tuple(_target(one, one["refId"]) for one in raw.get("targets", ()))
    return Panel(raw["id"], raw["title"], raw["type"], targets, raw)


def _target(raw: Json, ref: str) -> Target:
    kind = raw["datasource"]["type"]
    # the plugin's editor keeps the query in rawQueryText and overwrites queryText with it
    text = raw["rawQueryText"] if kind == SQLITE else raw["expr"]
    return Target(ref, kind, text, raw)


def _variable(raw: Json) -> Variable:
    query, current = raw.get("query", ""), raw.get("current", {}).get("value", ())
    return Variable(
        name=raw["name"],
        type=raw["type"],
        kind=raw.get("datasource", {}).get("type"),
        query=query["query"] if isinstance(query, dict) else query,
        multi=raw.get("multi", False),
        with_all=raw.get("includeAll", False),
        all_value=raw.get("allValue"),
        current=(current,) if isinstance(current, str) else tuple(current),
        json=raw,
    )
