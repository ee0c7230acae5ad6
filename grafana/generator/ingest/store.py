"""The database, its disk, and what is removed from rows and of rows."""

from ..frame import Rows
from ..legends import NAMES
from ..lines import lines
from ..looks import steps
from ..promql import over_time, quantiles

_AVAILABLE = "tokenweir_storage_filesystem_avail_bytes"

ROWS = Rows(
    "Store",
    [
        lines(
            "Store files",
            "Size of the database, its write-ahead log and the journal; worry when the log (wal) "
            "passes 1 GB and does not shrink again.",
            "bytes",
            [
                over_time(
                    "sum by (instance, file) (tokenweir_storage_file_bytes{SEL})",
                    "{{instance}} {{file}}",
                )
            ],
            width=8,
            fill=0,
        ),
        lines(
            "Free space",
            "Share of the store's filesystem that is free; worry below 15 %, and act below 5 %, "
            "for without space nothing is stored.",
            "percentunit",
            [
                over_time(
                    f"{_AVAILABLE}{{SEL}} / tokenweir_storage_filesystem_size_bytes{{SEL}}",
                    "{{instance}}",
                )
            ],
            width=8,
            limits=steps(("red", None), ("orange", 0.05), ("transparent", 0.15)),
            top=1,
        ),
        lines(
            "Oldest stored event",
            "How far back the stored rows go; worry when it passes the setting retention_days by "
            "more than a day, or when it is far below it, for then the size limit removes rows.",
            "s",
            [
                over_time(
                    "time() - min by (kind) "
                    "(tokenweir_storage_oldest_event_timestamp_seconds{SEL} > 0)",
                    "{{kind}}",
                )
            ],
            width=8,
            nothing="nothing stored",
        ),
        lines(
            "Rows removed by retention",
            "Rows a second that were removed for their age, or for lack of room; worry when it "
            "goes on without end, for then more comes in than there is room for.",
            "ops",
            [
                over_time(
                    "sum by (kind) (rate(tokenweir_storage_retention_deleted_rows_total{SEL}[RI]))",
                    "{{kind}}",
                )
            ],
            width=6,
            legend=NAMES,
        ),
        lines(
            "Since the last retention pass",
            "Time since a pass of retention finished; worry past a day.",
            "s",
            [
                over_time(
                    "time() - max by (instance) "
                    "(tokenweir_storage_retention_last_success_timestamp_seconds{SEL})",
                    "{{instance}}",
                )
            ],
            width=6,
        ),
        lines(
            "Checkpoint time",
            "Time of one checkpoint of the write-ahead log, as median and p99; worry when it "
            "passes some seconds, for commits wait for it.",
            "s",
            quantiles("tokenweir_storage_checkpoint_duration_seconds", (0.5, 0.99)),
            width=6,
            fill=0,
            nothing="no checkpoint",
        ),
        lines(
            "Redactions by rule",
            "Values a second that were scrubbed before they were stored; worry when a rule starts "
            "to hit, for then somebody sends secrets, and when one that always hit stops.",
            "ops",
            [over_time("sum by (rule) (rate(tokenweir_redactions_total{SEL}[RI]))", "{{rule}}")],
            width=6,
            legend=NAMES,
            nothing="no rule is on",
        ),
    ],
)
