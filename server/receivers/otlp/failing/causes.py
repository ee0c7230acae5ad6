"""When two reports of a failure are one: an exception is told by every span that it leaves."""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from .... import links
from ....ids import hashed

_COMPARED = 1024
"""Characters of a message that count: senders cut it, each at another length."""
_TELLING = 20
"""Characters of a message that no other failure's says by chance."""
_MOST_KEYS = 16
"""Reports of a call's failure that others may have stored; each key takes some 120 bytes."""
_STACK = "Traceback (most recent call last)"
"""Some put the stack behind the message; it is another one on each span."""


class Cause(NamedTuple):
    """An exception within a trace. `kind`: its type, without the module it is from.

    `message`: how it begins.
    """

    kind: str
    message: str


def cause(exception_type: str | None, message: str | None) -> Cause:
    """Some say `openai.RateLimitError`, and others `RateLimitError` of the same exception."""
    said = (message or "").strip()
    words = said.partition(_STACK)[0].strip() or said
    return Cause((exception_type or "").rpartition(".")[2], words[:_COMPARED])


def is_same(one: Cause, other: Cause) -> bool:
    """Whether two reports in a trace are of one failure, as far as both say what failed."""
    if one.kind and other.kind and one.kind != other.kind:
        return False
    mine, theirs = one.message, other.message
    if not (one.kind and other.kind) and not (mine and theirs):
        return False
    return mine.startswith(theirs) or theirs.startswith(mine)


def is_about(outer: Cause, call: Cause) -> bool:
    """Whether an exception repeats that of a call, or wraps it and so says its whole message."""
    wraps = len(call.message) >= _TELLING and call.message in outer.message
    return wraps or is_same(outer, call)


def event_id(trace_id: str, told: Cause, *apart: object) -> str:
    """The same for all reports of an exception in a trace, in whichever request they come.

    `apart`: what tells two reports apart where there is no trace, so that one sent again is known.
    """
    parts = told if trace_id else (*told, *map(str, apart))
    same = hashed("\0".join(parts))
    return f"{trace_id}:{same}" if trace_id else same


def keys(trace_id: str, told: Iterable[Cause]) -> tuple[str, ...] | None:
    """What ties the error of a call to others of its trace, by all that it says of its failure."""
    if not trace_id:
        return None
    causes = islice(dict.fromkeys(told), _MOST_KEYS)
    return tuple(links.cause(event_id(trace_id, cause)) for cause in causes) or None
