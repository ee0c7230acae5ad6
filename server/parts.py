"""Each part of a service, made as the settings say."""

from tornado.web import Application

from .config import Config
from .cost import make_price
from .disk import Disk, journal_directory
from .journal.journal import Journal
from .lean.server import LeanServer
from .metrics import Metrics
from .metrics.events import EventMetrics
from .metrics.journal import JournalMetrics
from .metrics.storage import StorageMetrics
from .normalise import Normaliser
from .pipeline import Pipeline
from .receivers import Receiver
from .receivers.litellm import LiteLLMReceiver
from .receivers.maker import Maker
from .receivers.native import NativeReceiver
from .receivers.otlp.logs import LogsReceiver
from .receivers.otlp.metrics import MetricsReceiver
from .receivers.otlp.spans import SpansReceiver
from .receivers.sentry import SentryReceiver
from .recording.payload import HEADING
from .recording.recorder import Recorder
from .recording.replay import Replay
from .recording.unrecorded import Unrecorded
from .redaction.own import read_rules
from .redaction.redactor import Redactor
from .shares import share_out
from .store.joining.fold import Sizes
from .store.retention.limits import Limits
from .store.writer import SqliteStore
from .validation import Schema
from .wire.hub import Hub
from .wire.stock import StockServer
from .wire.way_in import WayIn
from .writer import Writer

DAY_SECONDS = 86_400


def make_store(
    config: Config, metrics: Metrics, disk: Disk, set_aside_damaged: bool
) -> SqliteStore:
    """As the settings say. What is synced to the journal must not be lost by the database."""
    return SqliteStore(
        config.db,
        config.max_dead_letters,
        synchronous="NORMAL" if config.journal == "off" or config.journal_sync == "off" else "FULL",
        set_aside_damaged=set_aside_damaged,
        price=make_price(config.compute_costs),
        sizes=Sizes(config.max_text_bytes, config.max_metadata_bytes),
        limits=make_limits(config, disk),
        observe=lambda outcome, seconds: metrics.storage.checkpoint[outcome].observe(seconds),
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


def make_recorder(config: Config, metrics: JournalMetrics) -> Recorder | Unrecorded:
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


def make_redactor(config: Config, metrics: EventMetrics) -> Redactor | None:
    """As the settings say. Raises ValueError for a bad file of patterns."""
    if not config.redact:
        return None
    try:
        return Redactor(read_rules(config.redact_patterns_file), metrics.redaction)
    except ValueError as error:
        raise ValueError(f"redact_patterns_file: {error}") from None


def make_receivers(config: Config, redactor: Redactor | None = None) -> dict[str, Receiver]:
    """One receiver a POST route, and one for the spans that come to /v1/traces."""
    normaliser = Normaliser(
        config.max_text_bytes,
        config.max_metadata_bytes,
        redactor,
        captures=config.capture == "full",
    )
    trace, error = Schema("trace"), Schema("error")
    maker = Maker(trace, error, normaliser, config.max_text_bytes)
    limit, most = config.max_request_events, config.max_request_spans
    return {
        "traces": NativeReceiver("trace", trace, normaliser, limit),
        "errors": NativeReceiver("error", error, normaliser, limit),
        "litellm": LiteLLMReceiver(maker, limit),
        "spans": SpansReceiver(maker, most),
        "logs": LogsReceiver(maker, most),
        "otlp_metrics": MetricsReceiver(maker, most),
        "envelope": SentryReceiver(maker, limit),
    }


def make_pipeline(
    config: Config, writer: Writer, recorder: Recorder | Unrecorded, metrics: Metrics
) -> Pipeline:
    """As the settings say."""
    return Pipeline(
        writer,
        recorder,
        Replay(journal_directory(config.db), config.batch_events),
        metrics,
        queue_events=config.queue_events,
        queue_bytes=config.queue_bytes,
        batch_events=config.batch_events,
    )


def make_way_in(config: Config, app: Application, hub: Hub) -> WayIn:
    """As the settings say."""
    limits = {
        # beyond twice the limit the connection ends; up to there we answer 413, and go on
        "max_body_bytes": 2 * config.max_body_bytes,
        "max_header_bytes": config.max_header_bytes,
    }
    if config.http == "tornado":
        return StockServer(app, hub, **limits)
    return LeanServer(app, hub, **limits)


def show_storage(disk: Disk, metrics: StorageMetrics) -> None:
    """Have the metrics look at the files when they are read."""
    metrics.file["main"].set_function(disk.main_bytes)
    metrics.file["wal"].set_function(disk.wal_bytes)
    metrics.file["journal"].set_function(disk.journal_bytes)
    metrics.available.set_function(disk.available_bytes)
    metrics.size.set_function(disk.size_bytes)
