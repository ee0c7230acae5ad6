"""One service in the foreground: started, announced, stopped by a signal."""

import asyncio
import gc
import logging
import os
import signal

from prometheus_client import disable_created_metrics

from .binding import check_binding, is_loopback
from .config import Config
from .failure import Failure
from .keys.access import Access
from .keys.reloading import reload_on_hangup, warn_of_shut
from .loading import KEY_VARIABLE
from .memory import keep_little
from .service import Service
from .store import Unusable
from .version import version
from .wire.descriptors import raise_descriptors

_EXAMPLE = (
    '-H \'Content-Type: application/json\' -d \'{"provider": "openai", "model": "gpt-4o-mini"}\''
)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)


def serve(config: Config, *, set_aside_damaged: bool) -> None:
    """Return after SIGTERM or SIGINT, or not at all where the disk hangs then.

    Raises `Failure` where the service cannot start.
    """
    logger.setLevel(logging.INFO)  # where it listens, and that it stops, is said at any level
    raise_descriptors()
    keep_little()
    # a _created sample beside each counter would be a fifth of all samples
    disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no hints for it
    asyncio.run(_serve(config, set_aside_damaged))


async def _serve(config: Config, set_aside_damaged: bool) -> None:
    service = _make(config, set_aside_damaged)
    stop = asyncio.Event()
    _stop_on_signals(service, stop)
    reloading = reload_on_hangup(service.access)
    starting = asyncio.create_task(_start(service, config))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        starting.result()
        await stopping
        logger.info("stopping: writing what is queued")
        await service.stop()
    else:
        logger.info("stopping before the start is done")
        starting.cancel()
        await asyncio.wait({starting})
    logger.info("stopped")
    _ignore_signals()
    reloading.cancel()
    if service.hangs or service.access.is_loading:  # Python would wait for its thread
        logging.shutdown()
        os._exit(0)


def _make(config: Config, set_aside_damaged: bool) -> Service:
    try:
        check_binding(config)
        service = Service(config, set_aside_damaged=set_aside_damaged)
        _warn(service.access, config)
        return service
    except (OSError, UnicodeError) as error:
        raise _deaf(config, error) from None
    except ValueError as error:
        raise Failure(str(error), status=2) from None


def _stop_on_signals(service: Service, stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT; a second one has the stop not wait for the store."""

    def stop_or_hurry() -> None:
        if stop.is_set():
            service.pipeline.hurry()
        stop.set()

    for signum in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(signum, stop_or_hurry)


def _ignore_signals() -> None:
    """For the moments in which the process ends by itself."""
    for signum in (*_SIGNALS, signal.SIGHUP):
        asyncio.get_running_loop().remove_signal_handler(signum)
        signal.signal(signum, signal.SIG_IGN)


async def _start(service: Service, config: Config) -> None:
    try:
        await service.start()
        gc.freeze()  # what is there now stays: no collection need look at it again
        _announce(service.url, config)
    except Unusable as error:
        raise Failure(f"the database {config.db} {error}") from None
    except (OSError, UnicodeError) as error:
        raise _deaf(config, error) from None


def _deaf(config: Config, error: OSError | UnicodeError) -> Failure:
    where, why = f"{config.address}:{config.port}", getattr(error, "strerror", None)
    return Failure(f"cannot listen on {where}: {why or 'no such address'}")


def _warn(access: Access, config: Config) -> None:
    warn_of_shut(access)
    if config.ingest_keys_file and not (config.read_keys_file or is_loopback(config.address)):
        logger.warning("/metrics is open to all who reach %s: set read_keys_file", config.address)


def _announce(url: str, config: Config) -> None:
    line = f"tokenweir {version()} listening on {url}, storing in {config.db}"
    if config.log_format == "json":
        logger.info(line)
        return
    key = f' -H "x-api-key: ${KEY_VARIABLE}"' if config.ingest_keys_file else ""
    print(f"{line}\ntry: curl {url}/v1/traces{key} {_EXAMPLE}", flush=True)
