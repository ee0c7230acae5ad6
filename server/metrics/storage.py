"""The database and the files beside it."""

from ..events import KINDS
from .declare import SHORT_WORK, Declare


class StorageMetrics:
    """Files and the space for them, retention, and checkpoints."""

    def __init__(self, declare: Declare) -> None:
        self.file = declare.gauges(
            "storage_file_bytes", "Size of a store file.", "file", ("main", "wal", "journal")
        )
        self.available = declare.gauge(
            "storage_filesystem_avail_bytes", "Space left on the store's filesystem."
        )
        self.size = declare.gauge(
            "storage_filesystem_size_bytes", "Size of the store's filesystem."
        )
        self.oldest = declare.gauges(
            "storage_oldest_event_timestamp_seconds",
            "Unix time of the oldest stored event; 0 when there is none.",
            "kind",
            KINDS,
        )
        self.retention_deleted = declare.counters(
            "storage_retention_deleted_rows", "Rows removed by retention.", "kind", KINDS
        )
        self.retention_last_success = declare.gauge(
            "storage_retention_last_success_timestamp_seconds",
            "Unix time of the last finished pass; process start until there is one.",
        )
        self.checkpoint = declare.histograms(
            "storage_checkpoint_duration_seconds",
            "One checkpoint of the write-ahead log.",
            SHORT_WORK,
            "outcome",
            ("ok", "error"),
        )
