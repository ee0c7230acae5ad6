"""The parts of one service, put together, started and stopped in order."""

from prometheus_client import CollectorRegistry
from tornado.netutil import bind_sockets

from .app import make_app
from .config import Config
from .disk import Disk
from .handlers.body import Room
from .health import Health
from .intake import Intake
from .keys.access import Access
from .lock import Lock
from .looplag import LoopLag
from .memory import Trimmer
from .metrics import Metrics
from .parts import (
    make_pipeline,
    make_receivers,
    make_recorder,
    make_redactor,
    make_store,
    make_way_in,
    show_storage,
)
from .store import Store
from .version import version
from .wire.hub import Hub
from .wire.listener import Listener
from .writer import Writer


class Service:
    """One process is one of these: one registry, one writer, one scrape target."""

    def __init__(
        self, config: Config, store: Store | None = None, *, set_aside_damaged: bool = False
    ) -> None:
        """Builds all parts; nothing runs yet. `store` replaces SQLite, for tests.

        `set_aside_damaged`: a damaged database is renamed, and a new one made. Raises ValueError
        for a bad file of keys or patterns.
        """
        self._config = config
        self.url = ""
        self.hangs = False
        """Whether a call of the disk does not return, so that its thread will not end."""
        self._lock = Lock(config.db)
        self.access = Access(config.ingest_keys_file, config.read_keys_file)
        self.metrics = Metrics(CollectorRegistry(), config.model_metrics)
        self.metrics.process.set_build(version(), config.revision)
        disk = Disk(config.db)
        store = store or make_store(config, self.metrics, disk, set_aside_damaged)
        recorder = self.recorder = make_recorder(config, self.metrics.journal)
        writer = Writer(store, recorder, self.metrics)
        self.pipeline = make_pipeline(config, writer, recorder, self.metrics)
        show_storage(disk, self.metrics.storage)
        self._trimmer = Trimmer()
        self.app = make_app(
            make_receivers(config, make_redactor(config, self.metrics.events)),
            self.access,
            Intake(self.pipeline, self.metrics.events),
            Health(self.pipeline, writer, recorder, disk, self.metrics),
            self.metrics,
            Room(max(config.max_bodies_bytes, config.max_body_bytes)),
            config.max_body_bytes,
        )
        self._lag = LoopLag(self.metrics.process)
        self._hub = Hub(
            self.metrics.http,
            body_timeout_seconds=config.body_timeout_seconds,
            idle_timeout_seconds=config.idle_timeout_seconds,
        )
        self._way_in = make_way_in(config, self.app, self._hub)
        self._listener = Listener(self._way_in.serve, self._hub, config.max_connections)

    async def start(self) -> None:
        """Open the store, then listen at `url`. Raises `store.Unusable` and OSError."""
        self._lock.take()
        try:
            await self.pipeline.start()
            sockets = bind_sockets(self._config.port, self._config.address)
        except BaseException:
            await self._end(0)
            raise
        self._listener.start(sockets)
        self._hub.start()
        self._lag.start()
        self._trimmer.start()
        host, port = sockets[0].getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Take no new connections, write what is queued, close the store and the connections.

        Open connections are answered until then: nothing that was accepted goes without its
        answer, and what comes late is told that it is dropped.
        """
        self._listener.stop()
        await self._end(self._config.drain_seconds)
        await self._way_in.close()
        self._hub.stop()
        self._trimmer.stop()
        self._lag.stop()

    async def _end(self, drain_seconds: float) -> None:
        self.hangs = not await self.pipeline.stop(drain_seconds)
        if not self.hangs:
            self._lock.release()
