"""Between acceptance and the database."""

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Property

from ..frame import Rows
from ..legends import NAMES
from ..lines import DASHED, lines
from ..looks import worry_from
from ..promql import over_time, quantiles

_SETTLED = ("persisted", "deduplicated", "merged", "dead_lettered")


def _rate(name: str, more: str = "") -> str:
    return f"sum by (instance) (rate(tokenweir_events_{name}_total{{SEL{more}}}[RI]))"


_UNSETTLED = " - ".join(
    [
        f"{_rate('accepted')} + {_rate('replayed')}",
        *map(_rate, _SETTLED),
        _rate("dropped", ',stage="persist"'),
    ]
)

ROWS = Rows(
    "Queue and writer",
    [
        lines(
            "Queue depth and capacity",
            "Accepted events that are not settled yet, and the most there may be; worry when the "
            "depth keeps climbing towards the dashed line.",
            "short",
            [
                over_time("sum by (instance) (tokenweir_queue_events{SEL})", "{{instance}}"),
                over_time("min(tokenweir_queue_capacity_events{SEL})", "capacity"),
            ],
            width=8,
            overrides={"capacity": DASHED},
        ),
        lines(
            "Oldest waiting event",
            "Age of the oldest accepted event that is not settled; worry when it grows as fast as "
            "the clock, for then the writer is stuck.",
            "s",
            [
                over_time(
                    "max by (instance) (tokenweir_queue_oldest_event_age_seconds{SEL})",
                    "{{instance}}",
                )
            ],
            width=8,
        ),
        lines(
            "Accepted minus settled",
            "Events a second by which acceptance outruns the store; it should hover around 0, so "
            "worry when it stays above, for then the queue fills.",
            "eps",
            [over_time(_UNSETTLED, "{{instance}}")],
            width=8,
            least=None,
            overrides={"/.*/": [Property("decimals", 2)]},  # else what is 0 is 1e-15
        ),
        lines(
            "Commit latency p50, p99",
            "Time from acknowledgement to durable commit, as median and p99; worry from 2 s.",
            "s",
            quantiles("tokenweir_event_commit_latency_seconds", (0.5, 0.99)),
            width=8,
            fill=0,
            limits=worry_from(2, 10),
        ),
        lines(
            "Flush time p50, p99",
            "Time of one write transaction, failed ones included, as median and p99; worry when "
            "p99 passes a second, for then the disk or a lock holds the writer up.",
            "s",
            quantiles("tokenweir_writer_flush_duration_seconds", (0.5, 0.99)),
            width=8,
            fill=0,
        ),
        lines(
            "Batch size, mean",
            "Events in one write transaction on average; it grows with load by design, so worry "
            "only when it stays at the setting batch_events while the queue fills.",
            "short",
            [
                over_time(
                    "sum(rate(tokenweir_writer_batch_events_sum{SEL}[RI]))"
                    " / sum(rate(tokenweir_writer_batch_events_count{SEL}[RI]))",
                    "events",
                )
            ],
            width=8,
        ),
        lines(
            "Writer retries",
            "Write transactions a second that failed, and those tried again, by reason; worry "
            "when it lasts, and at once for disk_full or io_error.",
            "ops",
            [
                over_time(
                    "sum(rate(tokenweir_writer_flush_duration_seconds_count"
                    '{SEL,outcome="error"}[RI]))',
                    "failed",
                ),
                over_time(
                    "sum by (reason) (rate(tokenweir_writer_retries_total{SEL}[RI]))",
                    "retried: {{reason}}",
                ),
            ],
            width=8,
            legend=NAMES,
        ),
        lines(
            "Since the last commit",
            "Time since the writer last committed; it grows while nothing comes in, so worry only "
            "when it grows while events wait.",
            "s",
            [
                over_time(
                    "time() - max by (instance) "
                    "(tokenweir_writer_last_commit_timestamp_seconds{SEL})",
                    "{{instance}}",
                )
            ],
            width=8,
        ),
        lines(
            "What became of what was accepted",
            "Events a second by what the store made of them: rows, known ones, parts of a call "
            "that arrived apart, dead letters; worry about any dead letter, and when parts wait "
            "for calls that do not come, for then only half of what a sender tells arrives.",
            "eps",
            [
                over_time("sum(rate(tokenweir_events_persisted_total{SEL}[RI]))", "a row"),
                over_time(
                    "sum(rate(tokenweir_events_deduplicated_total{SEL}[RI]))", "there already"
                ),
                over_time(
                    "sum(rate(tokenweir_events_merged_total{SEL}[RI]))",
                    "part of another row",
                ),
                over_time(
                    "sum(rate(tokenweir_parts_expired_total{SEL}[RI]))",
                    "part without its call",
                ),
                over_time(
                    "sum(rate(tokenweir_events_dead_lettered_total{SEL}[RI]))", "dead letter"
                ),
                over_time(
                    "sum(rate(tokenweir_events_replayed_total{SEL}[RI]))",
                    "replayed",
                ),
            ],
            width=8,
            legend=NAMES,
            fill=0,
        ),
    ],
)
