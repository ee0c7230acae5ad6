"""The clocks of a connection: one at a time, started by what it waits for, renewed by nothing."""

STALLED_SECONDS = 30.0
"""Longest wait for a peer to read an answer."""

LINGER_SECONDS = 1.0
"""How long what still comes is read after a last answer: a close over unread bytes would reset the
connection, and the answer with it."""


class Clock:
    """Looked at now and then; so nothing need be done where a phase begins or ends."""

    def __init__(self) -> None:
        self._phase: tuple[str, int] = "", 0
        self._end = 0.0

    def is_over(self, phase: tuple[str, int], seconds: float, now: float) -> bool:
        """Whether this phase, which may take so long, was seen begun longer ago than that."""
        if phase != self._phase:
            self._phase, self._end = phase, now + seconds
        return now > self._end
