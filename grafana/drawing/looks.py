"""How a column is to look: the panel's own settings, and what its overrides make of them."""

import copy
import math
import re
from dataclasses import dataclass
from typing import Any

from ..asking.columns import Column
from ..reading.dashboards import Json, Panel
from . import colors
from .units import shown

_LABEL = re.compile(r"\$\{__field\.labels\.(\w+)\}")


@dataclass(frozen=True)
class Look:
    """`config` is the column's; `index` its place among the panel's columns."""

    name: str
    config: Json
    index: int

    def custom(self, name: str, otherwise: Any = None) -> Any:
        """A setting that only panels of this type have."""
        return self.config.get("custom", {}).get(name, otherwise)

    def text(self, value: object) -> str:
        """The value as it is shown; what nobody knows as the setting `noValue` says."""
        if mapped := self._mapped(value):
            return str(mapped["text"])
        if value is None or value == "":
            return str(self.config.get("noValue") or "")
        return self.number(value) if isinstance(value, (int, float)) else str(value)

    def number(self, value: float) -> str:
        """A number in its unit."""
        return shown(value, self.config["unit"], self.config.get("decimals"))

    def color_of(self, value: object) -> str:
        """The colour of a single value."""
        if color := self._mapped(value).get("color"):
            return colors.by_name(color)
        if self.config["color"]["mode"] != "thresholds":
            return self.color
        number = value if isinstance(value, (int, float)) else -math.inf
        passed = [step for step in self.steps if step["value"] is None or step["value"] <= number]
        return colors.by_name(passed[-1]["color"])

    @property
    def steps(self) -> list[Json]:
        """The thresholds, from the lowest on."""
        steps: list[Json] = self.config["thresholds"]["steps"]
        return steps

    @property
    def color(self) -> str:
        """The colour of a whole series."""
        color = self.config["color"]
        if color["mode"] == "fixed":
            return colors.by_name(color["fixedColor"])
        if color["mode"] == "shades":
            return colors.shade(color["fixedColor"], self.index)
        return colors.of_word(self.name)

    def _mapped(self, value: object) -> Json:
        """What a mapping says of the value, or of None."""
        for one in self.config.get("mappings", ()):
            options = one["options"]
            found: Json | None = options.get("result" if value is None else str(value))
            if found:
                return found
        return {}


def look(panel: Panel, column: Column, index: int) -> Look:
    """The look of one of the panel's columns."""
    fields = panel.json["fieldConfig"]
    config = copy.deepcopy(fields["defaults"])
    for one in fields["overrides"]:
        if _fits(one["matcher"], column.name):
            for each in one["properties"]:
                _put(config, each["id"].split("."), each["value"])
    name = _LABEL.sub(lambda use: column.labels.get(use[1], ""), config.get("displayName", ""))
    return Look(name or column.name, config, index)


def _fits(matcher: Json, name: str) -> bool:
    if matcher["id"] == "byName":
        return bool(matcher["options"] == name)
    return re.search(matcher["options"].strip("/"), name) is not None


def _put(config: Json, path: list[str], value: Any) -> None:
    for name in path[:-1]:
        config = config.setdefault(name, {})
    config[path[-1]] = value
