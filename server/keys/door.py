"""What asks for a key, where one is needed."""

import logging
import time

from ..refusal import Refusal
from .keys import Keys

CHALLENGE = 'Bearer realm="tokenweir"'
"""WWW-Authenticate of a 401."""

UNAUTHORIZED = Refusal(
    "unauthorized",
    401,
    "send a key as Authorization: Bearer, or as x-api-key",
    {"WWW-Authenticate": CHALLENGE},
)

_QUIET_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Door:
    """Asks for one of `keys`; lets everybody in where that is None. On the event loop's thread."""

    def __init__(self) -> None:
        self.keys: Keys | None = None
        self._untold = 0
        self._told = -_QUIET_SECONDS

    def turned_away(self, route: str) -> None:
        """Tell of a request without a valid key; in one line a minute, without a word of theirs."""
        self._untold += 1
        now = time.monotonic()
        if now - self._told >= _QUIET_SECONDS:
            said = "requests without a valid key: %d, the last one to %s"
            logger.warning(said, self._untold, route)
            self._untold, self._told = 0, now
