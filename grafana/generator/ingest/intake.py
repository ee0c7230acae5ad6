"""What senders bring, and what they are told."""

from ..frame import Rows
from ..legends import NAMES
from ..lines import lines
from ..looks import colored
from ..promql import over_time, quantiles

_BY_CLASS = colored({"/^2/": "green", "/^4/": "orange", "/^5/": "red"})
_BY_STAGE = colored({"/^ingest/": "orange", "/^persist/": "red"})

ROWS = Rows(
    "Ingest",
    [
        lines(
            "Dropped by reason",
            "Valid events a second that will never be stored, by stage and reason; worry whenever "
            "it is above 0, most of all at stage persist, where the sender was told they were "
            "safe.",
            "eps",
            [
                over_time(
                    "sum by (stage, reason) (rate(tokenweir_events_dropped_total{SEL}[RI]))",
                    "{{stage}}: {{reason}}",
                )
            ],
            width=8,
            legend=NAMES,
            overrides=_BY_STAGE,
        ),
        lines(
            "Rejected and refused by reason",
            "Events a second that were not valid, by reason, and valid ones whose sender was told "
            "to send them again; worry when it rises: a sender has a bug or speaks another "
            "version of the schema, or, where they are refused, the queue is full.",
            "eps",
            [
                over_time(
                    "sum by (reason) (rate(tokenweir_events_rejected_total{SEL}[RI]))", "{{reason}}"
                ),
                over_time(
                    "sum by (reason) (rate(tokenweir_events_refused_total{SEL}[RI]))",
                    "refused: {{reason}}",
                ),
            ],
            width=8,
            legend=NAMES,
        ),
        lines(
            "Accepted by kind",
            "Events a second that were taken and acknowledged, traces and errors apart; worry "
            "when a kind you expect falls to 0.",
            "eps",
            [
                over_time(
                    "sum by (kind) (rate(tokenweir_events_accepted_total{SEL}[RI]))", "{{kind}}"
                )
            ],
            width=8,
        ),
        lines(
            "Answers by status",
            "Answers a second to requests that bring events, by HTTP status; worry about any 5xx "
            "and about a growing share of 4xx.",
            "reqps",
            [
                over_time(
                    "sum by (code) (rate(tokenweir_http_requests_total{SEL,EVENT_ROUTES}[RI]))",
                    "{{code}}",
                )
            ],
            width=8,
            fill=0,
            overrides=_BY_CLASS,
        ),
        lines(
            "Rejected requests",
            "Requests a second that were refused before an event could be counted, by route and "
            "reason, where there were any; worry when one lasts, for everything in such a request "
            "is missing.",
            "reqps",
            [
                over_time(
                    "sum by (route, reason) "
                    "(rate(tokenweir_http_requests_rejected_total{SEL}[RI])) > 0",
                    "{{route}}: {{reason}}",
                ),
                over_time("sum(rate(tokenweir_http_requests_rejected_total{SEL}[RI]))", "all"),
            ],
            width=8,
            legend=NAMES,
            fill=0,
        ),
        lines(
            "Skipped by reason",
            "Well-formed items a second that are no events here: spans that are no model call, "
            "log records that tell of no failure, metrics; worry when not_a_model_call is all "
            "that a sender of model calls sends.",
            "eps",
            [
                over_time(
                    "sum by (reason) (rate(tokenweir_events_skipped_total{SEL}[RI]))", "{{reason}}"
                )
            ],
            width=8,
            legend=NAMES,
        ),
        lines(
            "Answer time p50, p95, p99",
            "Time to answer a request that brings events, as median, p95 and p99; worry when p99 "
            "rises past some tenths of a second, for then senders wait for us.",
            "s",
            quantiles(
                "tokenweir_http_request_duration_seconds", (0.5, 0.95, 0.99), ",EVENT_ROUTES"
            ),
            width=6,
            fill=0,
        ),
        lines(
            "Body size p50, p99",
            "Size of request bodies after decompression, as median and p99; worry when p99 nears "
            "the limit of the setting max_body_bytes.",
            "bytes",
            quantiles("tokenweir_http_request_size_bytes", (0.5, 0.99)),
            width=6,
            fill=0,
        ),
        lines(
            "Requests in flight",
            "Requests that are being handled; never below 1, for that of Prometheus is one. Worry "
            "when it stays high while few events are accepted, for then bodies come slowly or "
            "answers wait.",
            "short",
            [
                over_time(
                    "max by (instance) (tokenweir_http_requests_in_flight{SEL})", "{{instance}}"
                )
            ],
            width=6,
        ),
        lines(
            "Share of events that came in well",
            "Accepted of received events; worry below 100 %: the panels above say why, by reason.",
            "percentunit",
            [
                over_time(
                    "sum(rate(tokenweir_events_accepted_total{SEL}[RI]))"
                    " / sum(rate(tokenweir_events_received_total{SEL}[RI]))",
                    "accepted",
                )
            ],
            width=6,
            top=1,
        ),
    ],
)
