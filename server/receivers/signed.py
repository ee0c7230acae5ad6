"""Events that name the key they were sent with."""

from collections.abc import Iterator

from .. import metadata
from ..events import Event, Group, Rejected


def signed(items: Iterator[Group | Rejected], key: str) -> Iterator[Group | Rejected]:
    """The same items, with the key's name in the metadata of each event."""
    for item in items:
        yield item if isinstance(item, Rejected) else tuple(_sign(event, key) for event in item)


def _sign(event: Event, key: str) -> Event:
    return event._replace(metadata=metadata.sign(event.metadata, key))
