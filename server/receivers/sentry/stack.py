"""A stack trace as Python prints it: the cause first, the newest frame last."""

from collections.abc import Iterator, Sequence
from typing import Any

from ...ending import Ending, ending
from ..lenient import count, mapping, text
from .shapes import Raised

MOST_FRAMES = 1000
"""Most frames of one exception that are looked at: the newest."""

_MAX_WORDS = 1000
"""Characters of the longest name or line of code that is shown: a bundle is one line of 1 MB."""


def stack(raised: Sequence[Raised], max_bytes: int) -> Ending | None:
    """The exceptions with their frames; None where there are no frames.

    When it is longer than `max_bytes` of UTF-8 its beginning is left out, with a note of how many
    lines: what failed stands at the end. A whole line goes or stays, so that none is left from
    which a credential is no longer told.
    """
    if not any(map(_frames, raised)):
        return None
    return ending(list(_shown(raised, max_bytes // 4)), "\n", max_bytes, _note)


def _note(left_out: Sequence[str]) -> str:
    lines = sum(part.count("\n") + 1 for part in left_out)
    return f"[{lines} earlier lines left out]"


def _title(one: Raised, max_characters: int) -> str:
    """An exception's type and message, as the last line of a traceback says it."""
    kind, said = _short(one.get("type")), text(one.get("value")) or ""
    if len(said) > max_characters:
        said = f"[{len(said)} characters left out]"
    return ": ".join(filter(None, (kind, said)))


def _shown(raised: Sequence[Raised], max_title: int) -> Iterator[str]:
    for number, one in enumerate(raised):
        if number:
            yield "\nwhich led to:\n"
        if frames := _frames(one):
            yield "Traceback (most recent call last):"
            yield from map(_frame, frames)
        if said := _title(one, max_title):
            yield said


def _frames(one: Raised) -> list[Any]:
    frames = mapping(one.get("stacktrace")).get("frames")
    return frames[-MOST_FRAMES:] if isinstance(frames, list) else []


def _frame(frame: object) -> str:
    """Its variables stay out: they hold prompts. So do the lines around."""
    get = mapping(frame).get
    names = (_short(get(key)) for key in ("filename", "abs_path", "module", "package"))
    where = f'  File "{next(filter(None, names), "?")}"'
    for word, key in (("line", "lineno"), ("column", "colno")):
        if number := count(get(key)):
            where += f", {word} {number}"
    if function := _short(get("function")):
        where += f", in {function}"
    code = _short(get("context_line"))
    return f"{where}\n    {code}" if code else where


def _short(value: object) -> str:
    """A name or a line of code; empty where it is too long to be read."""
    said = (text(value) or "").strip()
    return said if len(said) <= _MAX_WORDS else ""
