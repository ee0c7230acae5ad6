"""`tokenweir serve`: run the service until SIGTERM or SIGINT."""

import asyncio
import gc
import logging
import signal
from argparse import ArgumentParser, Namespace

from prometheus_client import disable_created_metrics

from .. import logs
from ..config import Config
from ..memory import keep_little
from ..service import Service
from ..store import Unusable
from ..version import version
from ..wire.descriptors import raise_descriptors
from . import Failure
from .settings import add_settings, load_settings

HELP = "receive events, store them, show the counters (the default command)"

_EXAMPLE = (
    '-H \'Content-Type: application/json\' -d \'{"provider": "openai", "model": "gpt-4o-mini"}\''
)

logger = logging.getLogger(__name__)


def add_arguments(parser: ArgumentParser) -> None:
    add_settings(parser)


def run(arguments: Namespace) -> int:
    config = load_settings(arguments).config
    logs.configure(config.log_level, config.log_format)
    logger.setLevel(logging.INFO)  # where it listens, and that it stops, is said at any level
    # a _created sample beside each counter would be a fifth of all samples
    raise_descriptors()
    keep_little()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no hints for it
    asyncio.run(_serve(config))
    return 0


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    service = Service(config)
    await _start(service, config)
    gc.freeze()  # what is there now stays: no collection need look at it again
    _announce(service.url, config)
    await stop.wait()
    logger.info("stopping: writing what is queued")
    await service.stop()
    logger.info("stopped")


async def _start(service: Service, config: Config) -> None:
    try:
        await service.start()
    except Unusable as error:
        raise Failure(f"the database {config.db} {error}") from None
    except (OSError, UnicodeError) as error:
        where, why = f"{config.address}:{config.port}", getattr(error, "strerror", None)
        raise Failure(f"cannot listen on {where}: {why or 'no such address'}") from None


def _announce(url: str, config: Config) -> None:
    line = f"tokenweir {version()} listening on {url}, storing in {config.db}"
    if config.log_format == "json":
        logger.info(line)
        return
    print(f"{line}\ntry: curl {url}/v1/traces {_EXAMPLE}", flush=True)
