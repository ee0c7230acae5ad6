"""A request in which no event could be counted: why, in the words of the answer."""

import orjson

from .events import MAX_MESSAGE


class Refusal(Exception):
    """A fixed word, an HTTP status, a sentence."""

    def __init__(self, reason: str, status: int, message: str) -> None:
        super().__init__(reason, status, message)
        self.reason, self.status, self.message = reason, status, message

    def body(self) -> bytes:
        """JSON of the answer."""
        why = {"reason": self.reason, "message": self.message[:MAX_MESSAGE]}
        return orjson.dumps({"error": why})
