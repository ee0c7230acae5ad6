"""What is kept where no texts are to be stored."""

from typing import Any

from .events import MAX_NAME

NOT_CAPTURED = "[not captured]"
"""In the place of a text that cannot be NULL."""

_TEXTS = frozenset(("exception_message",))
"""Members of ours that say what somebody wrote, however short."""


def flat(sent: dict[str, Any] | None) -> dict[str, Any]:
    """The members of metadata that count or name something, and hold no text and no object."""
    members = (sent or {}).items()
    return {
        name: value
        for name, value in members
        if name not in _TEXTS and _is_short(name) and _is_short(value)
    }


def _is_short(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_NAME
    return value is None or isinstance(value, bool | int | float)
