"""What one wants to know first."""

from ..frame import Rows
from ..legends import NAMES
from ..lines import lines
from ..looks import colored, instead_of_nan, steps, worry_from
from ..panels import number
from ..promql import now, over_time

_COLORS = colored(
    {
        "accepted": "blue",
        "stored": "green",
        "repeats and parts": "purple",
        "dropped on arrival": "orange",
        "lost after acceptance": "red",
    }
)

_EVENTS = "max(tokenweir_queue_events{SEL} / tokenweir_queue_capacity_events{SEL})"
_BYTES = "max(tokenweir_queue_bytes{SEL} / tokenweir_queue_capacity_bytes{SEL})"

ROWS = Rows(
    "Overview",
    [
        number(
            "Instances up",
            "How many of the chosen instances Prometheus can scrape; worry when it is less than "
            "you run, for a red 0 means that none answers.",
            "short",
            [now("sum(up{SEL})")],
            width=3,
            thresholds=steps(("red", None), ("green", 1)),
            nothing="0",
        ),
        number(
            "Ready",
            "Share of the instances that say yes to /readyz; worry below 100 %, and ask the "
            "/readyz of the one that is not for the reason.",
            "percentunit",
            [now("avg(tokenweir_ready{SEL})")],
            width=3,
            thresholds=steps(("red", None), ("green", 1)),
            nothing="no instance",
        ),
        number(
            "Accepted",
            "Events a second that the service took and acknowledged; worry when it is 0 while "
            "the gateway is busy.",
            "eps",
            [now("sum(rate(tokenweir_events_accepted_total{SEL}[RI]))")],
            width=3,
        ),
        number(
            "Persisted",
            "Events a second that were committed to the store; worry when it stays below "
            "Accepted without duplicates to explain it.",
            "eps",
            [now("sum(rate(tokenweir_events_persisted_total{SEL}[RI]))")],
            width=3,
        ),
        number(
            "Lost after acceptance",
            "Events that were acknowledged in the chosen time range and then dropped, or set "
            "aside as dead letters; worry at the first one, for no sender will send it again.",
            "short",
            [
                now(
                    'sum(increase(tokenweir_events_dropped_total{SEL,stage="persist"}[$__range]))'
                    " + sum(increase(tokenweir_events_dead_lettered_total{SEL}[$__range]))"
                )
            ],
            width=4,
            thresholds=steps(("green", None), ("red", 1)),
            decimals=0,
        ),
        number(
            "Queue fill",
            "Share of the queue in use on the fullest instance, by events or by bytes, whichever "
            "is more; worry from 70 %, for at 100 % new events are dropped.",
            "percentunit",
            [now(f"{_EVENTS} > {_BYTES} or {_BYTES}")],
            width=4,
            thresholds=worry_from(0.7, 0.9),
        ),
        number(
            "Commit latency p99",
            "Time from acknowledgement to durable commit that 99 of 100 events stay under; worry "
            "from 2 s, or when it says no commits while the queue fills.",
            "s",
            [
                now(
                    "histogram_quantile(0.99, sum by (le) "
                    "(rate(tokenweir_event_commit_latency_seconds_bucket{SEL}[RI])))"
                )
            ],
            width=4,
            thresholds=worry_from(2, 10),
            nothing="no commits",
            mappings=instead_of_nan("no commits"),
        ),
        lines(
            "Accepted and stored",
            "Events a second that were accepted, and what became of them; worry when stored stays "
            "below accepted without repeats and parts to explain the gap, and about any orange or "
            "red.",
            "eps",
            [
                over_time("sum(rate(tokenweir_events_accepted_total{SEL}[RI]))", "accepted"),
                over_time("sum(rate(tokenweir_events_persisted_total{SEL}[RI]))", "stored"),
                over_time(
                    "sum(rate(tokenweir_events_deduplicated_total{SEL}[RI]))"
                    " + sum(rate(tokenweir_events_merged_total{SEL}[RI]))",
                    "repeats and parts",
                ),
                over_time(
                    'sum(rate(tokenweir_events_dropped_total{SEL,stage="ingest"}[RI]))',
                    "dropped on arrival",
                ),
                over_time(
                    'sum(rate(tokenweir_events_dropped_total{SEL,stage="persist"}[RI]))'
                    " + sum(rate(tokenweir_events_dead_lettered_total{SEL}[RI]))",
                    "lost after acceptance",
                ),
            ],
            width=12,
            height=7,
            legend=NAMES,
            fill=0,
            overrides=_COLORS,
        ),
        lines(
            "Queue fill over time",
            "Share of the queue in use on the fullest instance, in events and in bytes: a few "
            "large texts fill it, too; worry when it climbs towards the dashed lines, for at 100 % "
            "new events are dropped.",
            "percentunit",
            [over_time(_EVENTS, "events"), over_time(_BYTES, "bytes")],
            width=12,
            height=7,
            legend=NAMES,
            limits=worry_from(0.7, 0.9),
            top=1,
        ),
    ],
)
