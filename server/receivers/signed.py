"""Events that name the key they were sent with."""

from collections.abc import Iterator

from .. import metadata
from ..events import Event, Item, Rejected, Skipped


def signed(items: Iterator[Item], key: str) -> Iterator[Item]:
    """The same items, with the key's name in the metadata of each event."""
    for item in items:
        if isinstance(item, Rejected | Skipped):
            yield item
        else:
            yield tuple(_sign(event, key) for event in item)


def _sign(event: Event, key: str) -> Event:
    return event._replace(metadata=metadata.sign(event.metadata, key))
