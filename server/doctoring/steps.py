"""What was found at each step."""

from typing import Any, Literal, NamedTuple

Level = Literal["ok", "WARNING", "FAILED"]


class Step(NamedTuple):
    """One line. `about`: the service, or the sender and what it sent; `check`: of a closed set."""

    about: str
    check: str
    level: Level
    said: str
    row: dict[str, Any] | None = None
    """The columns that were stored, less the texts."""
