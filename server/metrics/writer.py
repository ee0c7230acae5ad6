"""The write transactions of the store."""

from .declare import WRITES, Declare

EVENTS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)


class WriterMetrics:
    """How long transactions take, how large they are, and which were tried again."""

    def __init__(self, declare: Declare) -> None:
        self.flush = declare.histograms(
            "writer_flush_duration_seconds",
            "One write transaction.",
            WRITES,
            "outcome",
            ("ok", "error"),
        )
        self.batch_events = declare.histogram(
            "writer_batch_events", "Events in one write transaction.", EVENTS
        )
        self.retries = declare.counters(
            "writer_retries",
            "Transactions tried again.",
            "reason",
            ("busy", "io_error", "disk_full", "other"),
        )
        self.last_commit = declare.gauge(
            "writer_last_commit_timestamp_seconds",
            "Unix time of the last commit; process start until there is one.",
        )
