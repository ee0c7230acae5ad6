"""The keys by which the reports of one call find each other: an Event carries them in `keys`.

Two reports that share a key which begins as SHARED says are of one call, where they fit each other.
Of these the key of the response comes first in an Event.
"""

from typing import NamedTuple

PART, AT, UNDER, TURN = "part:", "at:", "under:", "turn:"
CAUSE, METERED, SERIES = "cause:", "metered:", "series:"
LITELLM, RESPONSE, TWIN = "litellm:", "response:", "twin:"
SHARED = (LITELLM, RESPONSE, TWIN)
"""How the keys begin that name a call itself."""


def litellm(call_id: str) -> str:
    """The call has this id in LiteLLM, which each of its callbacks tells."""
    return f"{LITELLM}{call_id}"


def response(provider: str, response_id: str) -> str:
    """The call was answered with this id. Some servers give the same one again, later."""
    return f"{RESPONSE}{provider}:{response_id}"


def twin(event_id: str) -> str:
    """The call was also reported as this Event, which came in the same request."""
    return f"{TWIN}{event_id}"


def part_of(event_id: str) -> str:
    """The Event is no call of its own: it fills the one that has this id."""
    return f"{PART}{event_id}"


def at(time_ns: int, number: int, role: str = "") -> str:
    """Where the texts of a part stand among those of its call, and who said them.

    `time_ns`: Unix ns. `number`: counted within a request. Sorts as a text.
    """
    return f"{AT}{time_ns:020}:{number:06}:{role}"


def under(event_id: str) -> str:
    """The Event is a call within this one, with spans between them that are no calls."""
    return f"{UNDER}{event_id}"


def turn(trace_id: str) -> str:
    """The Event adds up the calls of this trace, or is one that may be added up."""
    return f"{TURN}{trace_id}"


def cause(event_id: str) -> str:
    """The error is also told by the one that has, or would have, this id."""
    return f"{CAUSE}{event_id}"


def metered(service: str, provider: str, model: str) -> str:
    """The call's cost is in a metric, where its sender exports one."""
    return f"{METERED}{service}:{provider}:{model}"


def payer(keys: tuple[str, ...] | None) -> str | None:
    """The key of the metric that may tell the cost; None where there is none."""
    return next((key for key in keys or () if key.startswith(METERED)), None)


class Reading(NamedTuple):
    """What the Event of a point of a cost metric is about: its `cost_usd` is what the point says.

    `is_delta`: that came since the point before it, else since `started_at` (Unix ms; 0 where
    that is not known). The point's own time is the Event's `started_at`.
    """

    series: str
    is_delta: bool
    started_at: int


def series(reading: Reading) -> str:
    """The Event is no call, but a point of this series."""
    kind = "delta" if reading.is_delta else "sum"
    return f"{SERIES}{kind}:{reading.started_at}:{reading.series}"


def reading(keys: tuple[str, ...] | None) -> Reading | None:
    """What `series` was made of; None where the Event is no point."""
    for key in keys or ():
        if key.startswith(SERIES):
            kind, started_at, name = key.removeprefix(SERIES).split(":", 2)
            return Reading(name, kind == "delta", int(started_at))
    return None
