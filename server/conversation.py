"""Messages as one text, as people read a conversation."""

from collections.abc import Sequence

from .ending import Ending, ending


def put_together(pieces: Sequence[tuple[str, str]], max_bytes: int) -> Ending:
    """The messages of a request, oldest first, at least one: who said it, and what.

    When they are longer than `max_bytes` of UTF-8 the oldest are left out, with a note of how many:
    the last message of the user, and what follows it, says what was asked. A single message stands
    as it is, and so does one by nobody, which is a conversation itself.
    """
    if len(pieces) < 2:
        return Ending(pieces[0][1])
    users = [number for number, (role, _) in enumerate(pieces) if role == "user"]
    parts = [f"{role}: {words}" if role else words for role, words in pieces]
    return ending(parts, "\n\n", max_bytes, _note, *users[-1:])


def _note(left_out: Sequence[str]) -> str:
    return f"[{len(left_out)} earlier messages left out]"
