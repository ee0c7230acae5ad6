"""All that can befall a service, in front of a real Prometheus: from a good day to a crash."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..faults.shim import Faults
from ..process import serving, wait_until
from .client import Client
from .scraping import prometheus
from .stage import Stage, restarted, settings
from .traffic import Traffic, daily

EVENTS_A_SECOND = 70.0
"""At noon."""
DAY = 24.0
"""Seconds that a day takes."""


@contextmanager
def told(there: Path, shim: Path, calm: int = 4, day: float = DAY) -> Iterator[Stage]:
    """The stage after the last act, when nothing moves any more; `there` is an empty directory.

    Between the acts so many scrapes are `calm`. Its moments: `well`, when nothing had gone wrong;
    `settled`, between the troubles and the crash; `busy`, while the last traffic comes; `end`.
    """
    database, arguments = str(there / "t.db"), settings(there)
    faults = Faults(shim, database, there / "control")
    options = {"environment": faults.environment()}
    (there / "prometheus").mkdir()
    with (
        serving(database, *arguments, **options) as service,
        prometheus(there / "prometheus", service.url) as looking,
        Traffic(service.url, daily(EVENTS_A_SECOND, day)) as traffic,
        closing(Client(service.url)) as client,
    ):
        stage = Stage(service, database, looking, traffic, client)
        _be_well(stage, calm)
        _be_troubled(stage, faults, calm)
        stage.crash()
        with restarted(stage, *arguments, **options):
            stage.seen(calm)
            stage.trouble_clients(2)
            stage.seen(moment="busy")
            with stage.idle("end"):
                assert set(traffic.answered) == {202}
                yield stage


def _be_well(stage: Stage, calm: int) -> None:
    """The sample's own models are seen first, so that none of them becomes `other`."""
    stage.seen()
    sent = "tokenweir_events_persisted_total"
    wait_until(lambda: stage.service.metric(sent) > 100, "traffic")
    stage.send_captured()
    stage.seen(calm, "well")


def _be_troubled(stage: Stage, faults: Faults, calm: int) -> None:
    stage.trouble_clients(6)
    stage.poison()
    stage.fail_journal(faults)
    stage.fill_queue(3)
    stage.seen(calm)
    with stage.idle("settled"):
        pass
