"""How `max_storage_bytes` is shared out, so that it holds at every moment, whatever waits.

Deleting gives back only pages of the database. What the other files may need at the same time is
kept free for them: the journal has what is queued and what is not yet copied into the database, in
whole segments; the write-ahead log grows until it is copied, and by one transaction more.
"""

from typing import NamedTuple

from .config import Config
from .journal.journal import SEGMENT_BYTES
from .store.retention.limits import LOG_BYTES

PART = 32
"""A segment, and the log between two checkpoints, take no more than this part of the limit."""
GROWTH = 1.25
"""Bytes of pages that a byte in the queue takes, at most: a row of just over half a page has it
for itself, but in the queue it takes its name and numbers as well."""
SCATTER = 0.2, 1600 * 2**14
"""What a transaction of rows whose ids have no order takes of the log: a page of each of three
indexes for each row, and no more than the indexes are of a file."""
LEAST = 8
"""Part of the limit that is left for rows in any case."""


class Shares(NamedTuple):
    """In bytes."""

    segment: int
    log: int
    used: int
    """Of the database's pages that are in use."""
    room: int
    """For what one batch adds to them."""


def share_out(config: Config) -> Shares:
    """Of the settings. `used` is 0 without a limit."""
    most, room = config.max_storage_bytes, int(GROWTH * config.queue_bytes)
    if not most:
        return Shares(SEGMENT_BYTES, LOG_BYTES, 0, room)
    segment, log = min(SEGMENT_BYTES, most // PART), min(LOG_BYTES, most // PART)
    journal = 0 if config.journal == "off" else config.queue_bytes + log + 2 * segment
    share, limit = SCATTER
    transaction = max(room, int(min(share * most, limit)))
    used = most - journal - log - transaction - room
    return Shares(segment, log, max(used, most // LEAST), room)
