"""Reading the keys again on SIGHUP."""

import asyncio
import logging
import signal

from .access import Access

logger = logging.getLogger(__name__)


def reload_on_hangup(access: Access) -> asyncio.Task[None]:
    """From now on; cancel the task to end it. Call on the running loop."""
    logger.setLevel(logging.INFO)  # what became of it is said at any level
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, asked.set)
    return asyncio.create_task(_reload(access, asked))


async def _reload(access: Access, asked: asyncio.Event) -> None:
    """One after another; what is asked for meanwhile is done once, afterwards."""
    while await asked.wait():
        asked.clear()
        if not access.has_files():
            logger.info("SIGHUP: there is no keys file to read again")
            continue
        try:
            access.take(await asyncio.to_thread(access.load))  # a stuck disk holds a read up
        except ValueError as error:
            logger.error("keys not reloaded, the old ones stay: %s", error)
        else:
            logger.info("keys reloaded: %s", access.report())
            warn_of_shut(access)


def warn_of_shut(access: Access) -> None:
    """Say which files let nobody in."""
    for path in access.shut():
        logger.warning("%s holds no key: nobody is let in", path)
