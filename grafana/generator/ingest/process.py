"""The process itself."""

from grafana_foundation_sdk.models.common import BigValueTextMode

from ..frame import Rows
from ..legends import NAMES
from ..lines import DASHED, lines
from ..looks import worry_from
from ..panels import number
from ..promql import now, over_time

_VERSION = "{{version}} {{revision}}, Python {{python_version}}, SQLite {{sqlite_version}}"

ROWS = Rows(
    "Process",
    [
        number(
            "What is running",
            "The versions that the chosen instances run; worry when there is more than one for "
            "longer than an update takes.",
            "none",
            [
                now(
                    "count by (version, revision, python_version, sqlite_version) "
                    "(tokenweir_build_info{SEL})",
                    _VERSION,
                )
            ],
            width=8,
            height=8,
            shown=BigValueTextMode.NAME,
            letters=14,
        ),
        lines(
            "CPU",
            "Processor cores in use by each instance; worry when it stays near 1, for one process "
            "runs its Python on one core.",
            "none",
            [over_time("rate(process_cpu_seconds_total{SEL}[RI])", "{{instance}}")],
            width=8,
        ),
        lines(
            "Memory",
            "Resident memory of each instance; worry when it keeps growing while the queue does "
            "not.",
            "bytes",
            [over_time("process_resident_memory_bytes{SEL}", "{{instance}}")],
            width=8,
        ),
        lines(
            "Event loop lag p99",
            "How late the event loop runs its timers, p99; worry above 0.25 s, for then something "
            "blocks the loop and every answer waits.",
            "s",
            [
                over_time(
                    "histogram_quantile(0.99, sum by (le, instance) "
                    "(rate(tokenweir_event_loop_lag_seconds_bucket{SEL}[RI])))",
                    "{{instance}}",
                )
            ],
            width=8,
            limits=worry_from(0.1, 0.25),
        ),
        lines(
            "File descriptors",
            "Open files and sockets, and the most there may be, on a logarithmic scale; worry "
            "when the open ones climb towards the dashed line, for at the limit connections are "
            "refused.",
            "short",
            [
                over_time("process_open_fds{SEL}", "{{instance}}"),
                over_time("min(process_max_fds{SEL})", "limit"),
            ],
            width=8,
            logarithmic=True,
            overrides={"limit": DASHED},
        ),
        lines(
            "Label overflow",
            "Calls and errors a second that are counted as other, since their names came after "
            "the cap was reached; worry when it lasts, for then the panels by model hide some.",
            "eps",
            [
                over_time(
                    "sum by (label) (rate(tokenweir_label_overflow_total{SEL}[RI]))", "{{label}}"
                )
            ],
            width=8,
            legend=NAMES,
        ),
    ],
    collapsed=True,
)
