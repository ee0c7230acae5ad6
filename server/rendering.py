"""The metrics as text, for any number of scrapers at the cost of one."""

import asyncio
from collections.abc import Callable

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

_Encode = Callable[[CollectorRegistry], bytes]


class Rendering:
    """Renders on one thread at a time, never on the loop's. Lives on the event loop.

    A thread that renders wants Python's lock all the time. With one the loop still gets its turns;
    with a thread for each of 20 scrapers it hardly gets any, and answers take seconds.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._lock = asyncio.Lock()
        self._next: dict[str, asyncio.Task[bytes]] = {}
        """Those that have not begun, by media type: all who ask until then share one."""

    async def render(self, accept: str) -> tuple[bytes, str]:
        """The metrics, as they stand after the call, and their media type.

        Prometheus' text format, or OpenMetrics where `accept` (the header) asks for it.
        """
        try:
            encode, media_type = choose_encoder(accept)
        except (TypeError, ValueError):  # a version that is no number
            encode, media_type = choose_encoder("")
        if media_type not in self._next:
            self._next[media_type] = asyncio.ensure_future(self._render(encode, media_type))
        # whoever is cancelled leaves it to the others
        return await asyncio.shield(self._next[media_type]), media_type

    async def _render(self, encode: _Encode, media_type: str) -> bytes:
        async with self._lock:
            del self._next[media_type]
            return await asyncio.get_running_loop().run_in_executor(None, encode, self._registry)
