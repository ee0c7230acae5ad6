"""The journal: what a crash would need, and whether it is there."""

from .declare import WRITES, Declare


class JournalMetrics:
    """Appends to the journal, and what was answered without one."""

    def __init__(self, declare: Declare) -> None:
        self.bytes = declare.gauge(
            "journal_bytes", "Bytes in journal segments not yet committed to the store."
        )
        self.write = declare.histogram("journal_write_duration_seconds", "One append.", WRITES)
        self.errors = declare.counters(
            "journal_write_errors", "Appends that failed.", "reason", ("disk_full", "io_error")
        )
        self.uncovered = declare.counter(
            "journal_uncovered_events", "Events answered accepted before the journal had them."
        )
