"""The journal, which holds what was accepted until the database does."""

from ..frame import Rows
from ..legends import NAMES
from ..lines import lines
from ..promql import over_time, quantiles

ROWS = Rows(
    "Journal",
    [
        lines(
            "Not yet in the database",
            "Bytes that the journal holds and the database does not: what the next start would "
            "replay; worry when it keeps growing, for then the writer does not keep up.",
            "bytes",
            [over_time("sum by (instance) (tokenweir_journal_bytes{SEL})", "{{instance}}")],
            width=8,
        ),
        lines(
            "Uncovered events and failed appends",
            "Events answered before the journal had them, and appends that failed; worry above 0, "
            "for a kill loses such events.",
            "ops",
            [
                over_time(
                    "sum(rate(tokenweir_journal_uncovered_events_total{SEL}[RI]))",
                    "uncovered events",
                ),
                over_time(
                    "sum by (reason) (rate(tokenweir_journal_write_errors_total{SEL}[RI]))",
                    "failed: {{reason}}",
                ),
            ],
            width=8,
            legend=NAMES,
        ),
        lines(
            "Append time",
            "How long one append to the journal takes, as median and p99; over 5 ms it moves to a "
            "thread, so worry when it stays there.",
            "s",
            quantiles("tokenweir_journal_write_duration_seconds", (0.5, 0.99)),
            width=8,
            fill=0,
        ),
    ],
    collapsed=True,
)
