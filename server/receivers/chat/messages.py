"""The messages of a request as one text."""

from ...conversation import put_together
from ...ending import Ending
from ..lenient import mapping, text
from .words import MOST, said


def conversation(messages: object, max_bytes: int) -> Ending | None:
    """The messages of a request, oldest first; None where there are none, or they are hidden.

    Put together as of `max_bytes` of UTF-8. Of more than MOST the first are not even read.
    """
    turns = messages if isinstance(messages, list) else [messages]
    if len(turns) == 1:  # it stands as it is
        return Ending(words) if (words := said(turns[0])) else None
    spoken = [(role(turn), words) for turn in turns[-MOST:] if (words := said(turn))]
    return put_together(spoken, max_bytes) if spoken else None


def role(turn: object) -> str:
    """Who said it; a user where nobody is named."""
    return text(mapping(turn).get("role")) or "user"
