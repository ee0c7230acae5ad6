"""What an event says that was logged, or sent as a message."""

import re
from typing import NamedTuple

from ..lenient import mapping, text
from .shapes import Event

MOST_PARAMS = 100
"""Most parameters that are put into a template: each is 0.2 us of work for two bytes."""

_PLACE = re.compile(r"%[sdrif]|\{\}")


class Logged(NamedTuple):
    """A message, and the template that it was made of, where that is another text."""

    message: str
    template: str | None


def logged(event: Event) -> Logged | None:
    """None where nothing was."""
    for found in (event.get("logentry"), event.get("message")):
        entry = mapping(found) or {"formatted": found}
        template = text(entry.get("message"))
        said = text(entry.get("formatted")) or _filled(template or "", entry.get("params"))
        if said:
            return Logged(said, template if template != said else None)
    return None


def _filled(template: str, params: object) -> str:
    """`template` with its parameters; for Python's own formatting `%999999999s` is a bomb."""
    given = params[:MOST_PARAMS] if isinstance(params, list) else []
    values = iter(given)

    def fill(place: re.Match[str]) -> str:
        value = next(values)
        return text(value) or str(value)

    return _PLACE.sub(fill, template, count=len(given)) if given else template
