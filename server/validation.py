"""The JSON Schema files of `schemas/`: is an item a valid event, and if not, why.

Two validators read the same file. The compiled one (jsonschema-rs, about 1 us an event against
75 to 135) answers yes or no; only an item that it refuses pays for `jsonschema`, the reference
implementation, which finds the reason.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import jsonschema
import jsonschema_rs
from jsonschema.exceptions import ValidationError, best_match

from .events import Invalid

_HERE = Path(__file__).resolve().parent
# A wheel carries schemas/ inside the package, a checkout has it beside.
SCHEMA_DIR = next(d for d in (_HERE / "schemas", _HERE.parent / "schemas") if d.is_dir())

# Our own words: the library's messages quote the value, and the value may be a prompt.
_MESSAGES: dict[str, Callable[[Any], str]] = {
    "type": lambda want: f"must be {' or '.join([want] if isinstance(want, str) else want)}",
    "enum": lambda want: f"must be one of {', '.join(json.dumps(w) for w in want)}",
    "minimum": lambda want: f"must be at least {want}",
    "maximum": lambda want: f"must be at most {want}",
    "minLength": lambda want: "must not be empty",
    "maxLength": lambda want: f"must have at most {want} characters",
    "pattern": lambda want: "must not be blank",
}


_ENOUGH = 1000  # characters: more than any limit of a schema


class Schema:
    """One schema file, loaded and checked once."""

    def __init__(self, name: str) -> None:
        """Load `schemas/<name>.schema.json`. Raises ValueError if it is no schema."""
        document = json.loads((SCHEMA_DIR / f"{name}.schema.json").read_text("utf-8"))
        self._fast = jsonschema_rs.Draft202012Validator(document, validate_formats=False)
        self._referee = jsonschema.Draft202012Validator(document)

    def check(self, item: object) -> dict[str, Any]:
        """`item`, a valid object. Raises `Invalid` with the JSON Pointer of what is wrong."""
        if isinstance(item, dict) and self._accepts(item):
            return item
        error = best_match(self._referee.iter_errors(_brief(item)))
        raise Invalid("schema_invalid", *_explain(error))

    def _accepts(self, item: dict[str, Any]) -> bool:
        try:
            return self._fast.is_valid(item)
        except ValueError:  # lone surrogates and deep nesting, which `normalise` refuses
            return self._referee.is_valid(_brief(item))


def _brief(item: object) -> object:
    """`item` without what the schemas, which are flat, do not look at: a value can be 30 MB."""
    if not isinstance(item, dict):
        return _hint(item)
    return {name: _hint(value) for name, value in item.items()}


def _hint(value: object) -> object:
    """A value of the same type, and as valid."""
    if isinstance(value, str):
        return value[:_ENOUGH]
    return type(value)() if isinstance(value, dict | list) else value


def _explain(error: ValidationError | None) -> tuple[str, str]:
    """JSON Pointer and message of a failure, without the value that failed."""
    if error is None:
        return "", "does not match the schema"
    keyword, wanted = str(error.validator), cast(Any, error.validator_value)
    if keyword == "required":
        missing = next(name for name in wanted if name not in cast(Any, error.instance))
        return f"/{missing}", "is required"
    path = "".join(f"/{part}" for part in error.absolute_path)
    return path, _MESSAGES[keyword](wanted)
