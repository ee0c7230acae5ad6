"""The parts of one service, put together, started and stopped in order."""

from prometheus_client import CollectorRegistry
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from .app import make_app
from .config import Config
from .disk import Disk, journal_directory
from .handlers.body import Room
from .handlers.inflight import InFlight
from .health import Health
from .intake import Intake
from .journal.journal import Journal
from .keys.access import Access
from .lock import Lock
from .looplag import LoopLag
from .memory import Trimmer
from .metrics import Metrics
from .normalise import Normaliser
from .pipeline import Pipeline
from .receivers import Receiver
from .receivers.litellm import LiteLLMReceiver
from .receivers.native import NativeReceiver
from .recording.payload import HEADING
from .recording.recorder import Recorder
from .recording.replay import Replay
from .recording.unrecorded import Unrecorded
from .redaction.own import read_rules
from .redaction.redactor import Redactor
from .refusal import Refusal
from .shares import share_out
from .store import Store
from .store.retention.limits import Limits
from .store.writer import SqliteStore
from .validation import Schema
from .version import version
from .wire.gate import Gate
from .wire.listener import Listener
from .writer import Writer

DAY_SECONDS = 86_400


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
        self.metrics = Metrics(CollectorRegistry())
        self.metrics.set_build(version(), config.revision)
        disk = Disk(config.db)
        store = store or make_store(config, self.metrics, disk, set_aside_damaged)
        recorder = self.recorder = make_recorder(config, self.metrics)
        writer = Writer(store, recorder, self.metrics)
        self.pipeline = Pipeline(
            writer,
            recorder,
            Replay(journal_directory(config.db), config.batch_events),
            self.metrics,
            queue_events=config.queue_events,
            queue_bytes=config.queue_bytes,
            batch_events=config.batch_events,
        )
        self._show_storage(disk)
        self._trimmer = Trimmer()
        self._in_flight = InFlight(self.metrics, config.body_timeout_seconds)
        self.app = make_app(
            make_receivers(config, make_redactor(config, self.metrics)),
            self.access,
            Intake(self.pipeline, self.metrics),
            Health(self.pipeline, writer, recorder, disk, self.metrics),
            self.metrics,
            self._in_flight,
            Room(max(config.max_bodies_bytes, config.max_body_bytes)),
            config.max_body_bytes,
        )
        self._lag = LoopLag(self.metrics)
        self._server = HTTPServer(
            self.app,
            # Beyond twice the limit Tornado closes the connection; up to there we answer 413.
            max_body_size=2 * config.max_body_bytes,
            max_header_size=config.max_header_bytes,
            idle_connection_timeout=config.idle_timeout_seconds,
        )
        gate = Gate(self.access.send, self.metrics) if config.ingest_keys_file else None
        self._listener = Listener(
            self._server.handle_stream, self._refused, config.max_connections, gate
        )

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
        self._in_flight.start()
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
        self._listener.end()
        await self._server.close_all_connections()
        self._in_flight.stop()
        self._trimmer.stop()
        self._lag.stop()

    async def _end(self, drain_seconds: float) -> None:
        self.hangs = not await self.pipeline.stop(drain_seconds)
        if not self.hangs:
            self._lock.release()

    def _refused(self, refusal: Refusal, route: str) -> None:
        """Count what is refused without a handler."""
        self.metrics.refused(route, refusal.reason)
        self.metrics.answered(route, "", refusal.status)

    def _show_storage(self, disk: Disk) -> None:
        metrics = self.metrics
        metrics.storage_file["main"].set_function(disk.main_bytes)
        metrics.storage_file["wal"].set_function(disk.wal_bytes)
        metrics.storage_file["journal"].set_function(disk.journal_bytes)
        metrics.storage_available.set_function(disk.available_bytes)
        metrics.storage_size.set_function(disk.size_bytes)


def make_store(
    config: Config, metrics: Metrics, disk: Disk, set_aside_damaged: bool
) -> SqliteStore:
    """As the settings say. What is synced to the journal must not be lost by the database."""
    return SqliteStore(
        config.db,
        config.max_dead_letters,
        synchronous="NORMAL" if config.journal == "off" or config.journal_sync == "off" else "FULL",
        set_aside_damaged=set_aside_damaged,
        limits=make_limits(config, disk),
        observe=lambda outcome, seconds: metrics.checkpoint[outcome].observe(seconds),
    )


def make_limits(config: Config, disk: Disk) -> Limits:
    """As the settings say."""
    shares = share_out(config)
    return Limits(
        row_seconds=config.retention_days * DAY_SECONDS,
        text_seconds=config.text_retention_days * DAY_SECONDS,
        total_bytes=config.max_storage_bytes,
        used_bytes=shares.used,
        room_bytes=shares.room,
        log_bytes=shares.log,
        measure=disk.total_bytes,
    )


def make_recorder(config: Config, metrics: Metrics) -> Recorder | Unrecorded:
    """As the settings say."""
    if config.journal == "off":
        return Unrecorded()
    sync = config.journal_sync
    journal = Journal(
        journal_directory(config.db),
        HEADING,
        syncs=sync != "off",
        segment_bytes=share_out(config).segment,
    )
    return Recorder(journal, metrics, thread=config.journal == "thread", sync=sync)


def make_redactor(config: Config, metrics: Metrics) -> Redactor | None:
    """As the settings say. Raises ValueError for a bad file of patterns."""
    if not config.redact:
        return None
    try:
        return Redactor(read_rules(config.redact_patterns_file), metrics.redaction)
    except ValueError as error:
        raise ValueError(f"redact_patterns_file: {error}") from None


def make_receivers(config: Config, redactor: Redactor | None = None) -> dict[str, Receiver]:
    """One receiver a POST route."""
    normaliser = Normaliser(
        config.max_text_bytes,
        config.max_metadata_bytes,
        redactor,
        captures=config.capture == "full",
    )
    trace, error = Schema("trace"), Schema("error")
    limit = config.max_request_events
    return {
        "traces": NativeReceiver("trace", trace, normaliser.trace, limit),
        "errors": NativeReceiver("error", error, normaliser.error, limit),
        "litellm": LiteLLMReceiver(trace, error, normaliser, limit, config.max_text_bytes),
    }
