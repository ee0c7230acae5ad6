"""The values of OTLP in JSON: what is no such value is absent."""

from collections.abc import Callable
from typing import Any

from ..records import Attributes
from .jsonscalars import integer
from .values import MAX_DEPTH, MAX_NESTED, MAX_NUMBERS, TOO_DEEP, clean

_MAX_INTEGER = 2**63
_TRUTH = {"true": True, "false": False}


def attributes(pairs: object) -> Attributes:
    """A list of names with values."""
    return _Nested().pairs(pairs, MAX_DEPTH) if pairs else {}


def value(said: object) -> Any:
    """A value of any kind."""
    return _Nested().value(said, MAX_DEPTH)


class _Nested:
    """Reads the values of one record: those in lists only so far as there is room for them."""

    def __init__(self) -> None:
        self._left, self._numbers = MAX_NESTED, MAX_NUMBERS

    def pairs(self, said: object, depth: int) -> Attributes:
        """All that have a name. `depth`: of lists in each other that may follow."""
        found: Attributes = {}
        if not isinstance(said, list):
            return found
        for pair in said:
            if isinstance(pair, dict) and isinstance(key := pair.get("key"), str):
                found[key] = self.value(pair.get("value"), depth)
        found.pop("", None)
        names = "".join(found)
        if names.isascii() and "\0" not in names:  # nothing to clean: one look for all of them
            return found
        return {clean(name): value for name, value in found.items()}

    def value(self, said: object, depth: int) -> Any:
        if isinstance(said, dict):
            if isinstance(text := said.get("stringValue"), str):  # most are one
                return clean(text)
            for kind, one in said.items():
                if one is not None and (read := _KINDS.get(kind)):
                    return read(self, one, depth)
        return None

    def _text(self, said: object, depth: int) -> str | None:
        return clean(said) if isinstance(said, str) else None

    def _bool(self, said: object, depth: int) -> bool | None:
        if isinstance(said, str):
            return _TRUTH.get(said)
        return said if isinstance(said, bool) else None

    def _int(self, said: object, depth: int) -> int | None:
        found = integer(said)
        return found if found is not None and -_MAX_INTEGER <= found < _MAX_INTEGER else None

    def _double(self, said: object, depth: int) -> float | None:
        try:
            return None if isinstance(said, bool) else float(said)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            return None

    def _array(self, said: object, depth: int) -> Any:
        if not depth:
            return TOO_DEEP
        values = said.get("values") if isinstance(said, dict) else None
        if not isinstance(values, list):
            return []
        return [self.value(one, depth - 1) for one in self._fitting(values)]

    def _kvlist(self, said: object, depth: int) -> Any:
        if not depth:
            return TOO_DEEP
        pairs = said.get("values") if isinstance(said, dict) else None
        return self.pairs(self._fitting(pairs), depth - 1) if isinstance(pairs, list) else {}

    def _fitting(self, values: list[Any]) -> list[Any]:
        """So many of them as there is room for."""
        first = values[0] if values else None
        is_vector = isinstance(first, dict) and first.keys() <= _NUMBERS
        room = self._numbers if is_vector else self._left
        values = values[:room]
        self._left = max(self._left - len(values), 0)
        if is_vector:
            self._numbers -= len(values)
        return values


_NUMBERS = frozenset(
    ("intValue", "int_value", "doubleValue", "double_value", "boolValue", "bool_value")
)
_KINDS: dict[str, Callable[[_Nested, Any, int], Any]] = {
    **dict.fromkeys(("stringValue", "string_value", "bytesValue", "bytes_value"), _Nested._text),
    **dict.fromkeys(("boolValue", "bool_value"), _Nested._bool),
    **dict.fromkeys(("intValue", "int_value"), _Nested._int),
    **dict.fromkeys(("doubleValue", "double_value"), _Nested._double),
    **dict.fromkeys(("arrayValue", "array_value"), _Nested._array),
    **dict.fromkeys(("kvlistValue", "kvlist_value"), _Nested._kvlist),
}
