"""Native and LiteLLM: 202 with an entry an item, or 400 where none is a valid event."""

from collections.abc import Sequence
from typing import cast

import orjson

from ..events import Group, Item, Rejected
from ..intake import Intake
from . import Reply


def reply(intake: Intake, items: Sequence[Item], media_type: str) -> Reply:
    """What was accepted, dropped and rejected, item by item."""
    answer, covered = intake.take(cast(Sequence[Group | Rejected], items))
    taken = not items or answer["accepted"] or answer["dropped"]
    return Reply(202 if taken else 400, orjson.dumps(answer), covered=covered)
