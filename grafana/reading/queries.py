"""The queries of panels, annotations and variables, ready to be sent."""

from collections.abc import Mapping
from dataclasses import replace

from . import prometheus, sqlite
from .chosen import Chosen
from .dashboards import SQLITE, Panel, Target, Variable
from .windows import Window, milliseconds


def of_panel(panel: Panel, target: Target, chosen: Mapping[str, Chosen], window: Window) -> str:
    """The text of one of the panel's targets. Raises ValueError for macros used wrongly."""
    return _resolve(target.kind, target.text, chosen, *asked_for(panel, window))


def asked_for(panel: Panel, window: Window) -> tuple[Window, int]:
    """The window with as many points as the panel asks for, and its "Min interval" in ms."""
    points = panel.json.get("maxDataPoints") or window.points
    return replace(window, points=points), milliseconds(panel.json.get("interval") or "1ms")


def of_annotation(target: Target, chosen: Mapping[str, Chosen], window: Window) -> str:
    """The text of an annotation's query."""
    return _resolve(target.kind, target.text, chosen, window, 1)


def of_variable(variable: Variable, chosen: Mapping[str, Chosen], window: Window) -> str:
    """The text of a variable's query, which may use variables that stand before it."""
    return _resolve(variable.kind, variable.query, chosen, window, 1)


def _resolve(
    kind: str | None, text: str, chosen: Mapping[str, Chosen], window: Window, least_ms: int
) -> str:
    resolve = sqlite.resolve if kind == SQLITE else prometheus.resolve
    return resolve(text, chosen, window, least_ms)
