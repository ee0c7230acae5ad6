"""A request that is to be sent again: there is no room for it now, or nobody to store it."""

from ..intake import Taken
from ..refusal import Refusal

_MESSAGES = {
    "queue_full": "no room for these events now; try again",
    "shutting_down": "the service is stopping; try again",
}


def check(taken: Taken) -> None:
    """Raise `Refusal` where nothing of the request was taken.

    A new one each time: one that is raised again keeps all that it came through alive.
    """
    if taken.refused is not None:
        raise Refusal(taken.refused, 503, _MESSAGES[taken.refused])
