"""JSON values: their strings scrubbed, and the values of members whose names tell of a secret."""

from collections.abc import Iterator
from typing import Any

from .engine import compiled
from .names import HEADERS, SURE, UNSURE
from .patterns import marker
from .scrubber import Scrubber

_RULE = "named_secret"
_MARKER = marker(_RULE).decode()


class Members:
    """Scrubs objects, however deep. What it is given must not nest deeper than Python recurses."""

    def __init__(self) -> None:
        self._sure = compiled(rf"(?i)(?:{SURE}|{HEADERS})$")
        self._unsure = compiled(rf"(?i)(?:{UNSURE}|^auth|^sig)$")
        self._token = compiled(r"^[\w.~+/%=-]{16,}$")

    def scrubbed(self, value: Any, scrubber: Scrubber) -> Any:
        """A copy of `value` without its secrets. Raises `Late`."""
        if isinstance(value, str):
            return scrubber.scrubbed(value.encode()).decode()
        if isinstance(value, list):
            return [self.scrubbed(one, scrubber) for one in value]
        return self._object(value, scrubber) if isinstance(value, dict) else value

    def _object(self, members: dict[str, Any], scrubber: Scrubber) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in members.items():
            key = scrubber.scrubbed(name.encode()).decode()
            if key in found:  # two names that differ by their secrets only
                key = f"{key} {len(found)}"
            found[key] = self.scrubbed(self._told(name.encode(), value, scrubber), scrubber)
        return found

    def _told(self, name: bytes, value: Any, scrubber: Scrubber) -> Any:
        """`value`, or a marker where `name` tells that it is a secret."""
        if isinstance(value, list):
            return [self._told(name, one, scrubber) for one in value]
        if not isinstance(value, str) or value in ("", _MARKER) or not self._tells(name, value):
            return value
        scrubber.count(_RULE)
        return _MARKER

    def _tells(self, name: bytes, value: str) -> bool:
        if self._sure.search(name) is not None:
            return True
        if self._unsure.search(name) is None:
            return False
        return any(map(str.isdigit, value)) and self._token.search(value.encode()) is not None


def lines(value: Any) -> Iterator[str]:
    """The names and strings in `value`, each on lines of its own, names as in JSON too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from lines(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield f'"{name}":"'
            yield from lines(one)
