"""Sentry: 200 with the event's id, or 400 where nothing was taken and an event was not valid."""

from collections.abc import Sequence

import orjson

from ..events import Item, Rejected, Skipped
from ..intake import Intake
from ..refusal import Refusal
from . import Reply, refused


def reply(intake: Intake, items: Sequence[Item], media_type: str) -> Reply:
    """All of an envelope, or nothing of it: then raises `Refusal`."""
    taken = intake.take_whole(items)
    refused.check(taken)
    rejected = next((item for item in items if isinstance(item, Rejected)), None)
    if rejected is not None and all(isinstance(item, Rejected | Skipped) for item in items):
        refusal = Refusal(rejected.reason, 400, rejected.message)  # its events are counted already
        return Reply(400, refusal.body(), covered=taken.covered)
    found = next(filter(None, map(_id, items)), None)
    return Reply(200, orjson.dumps({"id": found} if found else {}), covered=taken.covered)


def _id(item: Item) -> str | None:
    if isinstance(item, Rejected):
        return None
    return item.event_id if isinstance(item, Skipped) else item[0].event_id
