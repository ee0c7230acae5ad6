"""Long work on the event loop, in slices, so that others have their turn between two."""

import asyncio
import time
from collections.abc import Iterable
from typing import TypeVar

SLICE_SECONDS = 0.005

Item = TypeVar("Item")


async def in_slices(items: Iterable[Item]) -> list[Item]:
    """All of `items`; each is work to make, and one of them is the least that is done at once."""
    found = []
    end = time.monotonic() + SLICE_SECONDS
    for item in items:
        found.append(item)
        if time.monotonic() > end:
            await asyncio.sleep(0)
            end = time.monotonic() + SLICE_SECONDS
    return found
