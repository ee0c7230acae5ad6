"""The messages of a request as one text, as people read a conversation."""

from collections.abc import Sequence

from ..ending import Ending, ending
from ..lenient import mapping, text
from .words import MOST, said


def conversation(messages: object, max_bytes: int) -> Ending | None:
    """The messages of a request, oldest first; None where there are none, or they are hidden.

    When they are longer than `max_bytes` of UTF-8 the oldest are left out, with a note of how many:
    the last message of the user, and what follows it, says what was asked. Of more than MOST the
    first are not even read.
    """
    turns = messages if isinstance(messages, list) else [messages]
    spoken = [(_role(turn), words) for turn in turns[-MOST:] if (words := said(turn))]
    if len(spoken) < 2:
        return Ending(spoken[0][1]) if spoken else None
    users = [number for number, (role, _) in enumerate(spoken) if role == "user"]
    parts = [f"{role}: {words}" for role, words in spoken]
    return ending(parts, "\n\n", max_bytes, _note, *users[-1:])


def _role(turn: object) -> str:
    return text(mapping(turn).get("role")) or "user"


def _note(left_out: Sequence[str]) -> str:
    return f"[{len(left_out)} earlier messages left out]"
