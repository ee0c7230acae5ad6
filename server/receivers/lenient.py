"""Values as foreign senders write them: read where they can be read, NULL where they cannot.

A native sender is told what to mend; the users of a gateway cannot mend what it sends. So names
are cut, ids hashed, and characters that cannot be stored replaced. The results satisfy the
native schemas once `Normaliser.fit` has cut the names.
"""

import math
from collections.abc import Mapping
from typing import Any

from ..events import MAX_INTEGER, MAX_NAME
from ..ids import hashed
from ..redaction.scrubber import MARGIN
from ..times import MAX_MS, MIN_MS, parse_rfc3339

_MAX_NUMBER = 1e12  # the schemas' maximum for costs and durations


def mapping(value: object) -> Mapping[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str | None:
    """A text of any length, without NUL and lone surrogates; None for what is no text."""
    if not isinstance(value, str):
        return None
    if "\0" in value:
        value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        value = value.encode("utf-8", "replace").decode()
    return value


def name(value: object) -> str | None:
    """A short text, trimmed; None when empty.

    Of a long one so much that `Normaliser.fit` can scrub it before it cuts it to MAX_NAME.
    """
    if isinstance(value, str) and len(value) <= MAX_NAME and value.isprintable():
        return value.strip() or None  # at a fifth of the time
    return ((text(value) or "").strip())[: MAX_NAME + MARGIN] or None


def ident(value: object) -> str | None:
    """An id as it is, or its SHA-256 where it is too long to store; None when empty."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    whole = text(value) or None
    if whole is None or len(whole) <= MAX_NAME:
        return whole
    return hashed(whole)


def count(value: object) -> int | None:
    """A number of tokens, also from 11.0 or "11"."""
    if type(value) is int and 0 <= value <= MAX_INTEGER:
        return value
    found = number(value)
    return int(found) if found is not None and found == int(found) <= MAX_INTEGER else None


def number(value: object) -> float | None:
    """A number from 0 on, also from a string."""
    if type(value) is float:  # at a third of the time
        return value if 0 <= value < math.inf else None
    if isinstance(value, str):
        value = _parse(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < math.inf else None


def amount(value: object) -> float | None:
    """A cost or a duration: a number within the schemas' maximum."""
    found = number(value)
    return found if found is not None and found <= _MAX_NUMBER else None


def milliseconds(value: object) -> float | None:
    """A duration in milliseconds, to the microsecond."""
    found = amount(value)
    return None if found is None else round(found, 3)


def seconds(value: object) -> float | None:
    """Milliseconds of a duration in seconds."""
    found = number(value)
    return None if found is None else milliseconds(found * 1000)


def moment(value: object) -> float | None:
    """Unix milliseconds of a time in seconds or milliseconds, or of an RFC 3339 date-time."""
    if isinstance(value, str) and not _is_number(value):
        ms = _rfc3339(value)
    else:
        found = number(value) or 0
        ms = found if found >= MIN_MS else found * 1000
    return ms if ms is not None and MIN_MS <= ms <= MAX_MS else None


def truth(value: object) -> bool:
    """Whether `value` says yes: true, or the word "true" in any case."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def given(members: Mapping[str, Any]) -> dict[str, Any]:
    """`members` without those that are unknown."""
    return {name: value for name, value in members.items() if value is not None}


def tidy(members: Mapping[str, object]) -> dict[str, object]:
    """Members for the metadata column: texts cleaned, empty ones left out, what nests kept out."""
    tidied = {key: _tidy(value) for key, value in members.items()}
    return {key: value for key, value in tidied.items() if value not in (None, "", [])}


def _tidy(value: object) -> object:
    if isinstance(value, list):
        return [_tidy(item) for item in value if isinstance(item, str | int | float)]
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return str(value)
    return value if isinstance(value, int | float) else text(value)


def _parse(value: str) -> object:
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        return None


def _is_number(value: str) -> bool:
    return _parse(value) is not None


def _rfc3339(value: str) -> float | None:
    try:
        return parse_rfc3339(value)
    except ValueError:
        return None
