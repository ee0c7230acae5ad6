"""A request in which no event could be counted: why, in the words of the answer."""

from collections.abc import Mapping

import orjson

from .events import MAX_MESSAGE

_NONE: Mapping[str, str] = {}
_RETRY = {"Retry-After": "1"}


class Refusal(Exception):
    """A fixed word, an HTTP status, a sentence."""

    def __init__(
        self, reason: str, status: int, message: str, fields: Mapping[str, str] = _NONE
    ) -> None:
        """`fields`: header fields of the answer, beside those that its status demands."""
        super().__init__(reason, status, message)
        self.reason, self.status, self.message = reason, status, message
        self.fields = {**_RETRY, **fields} if status == 503 else fields

    def body(self) -> bytes:
        """JSON of the answer."""
        why = {"reason": self.reason, "message": self.message[:MAX_MESSAGE]}
        return orjson.dumps({"error": why})
