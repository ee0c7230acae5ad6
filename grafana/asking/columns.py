"""What queries answer: columns, as Grafana's data frames have them."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Column:
    """`values` beside the `times` (Unix ms) of a series, or one for each row of a table.

    `name` is what the data source calls it; `labels` tell series of one name apart. What nobody
    knows is None.
    """

    name: str
    values: list[Any]
    times: list[float] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def numbers(self) -> list[float]:
        """Those of the values that are."""
        return [one for one in self.values if isinstance(one, (int, float))]
