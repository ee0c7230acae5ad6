"""An alert's way: from a fault, through a real Prometheus and Alertmanager, to who is told."""

from contextlib import ExitStack

import pytest

from .holders import READ, WRONG, files
from .monitoring.alertmanager import alertmanager
from .monitoring.oddities import CALL, POISONED
from .monitoring.scraping import prometheus
from .monitoring.spoiling import refuse_poison
from .monitoring.webhook import listening
from .process import serving, wait_until

pytestmark = pytest.mark.slow

LOST = "TokenweirAcceptedEventsLost"
RUNBOOK = "docs/runbook.md#tokenweiracceptedeventslost"


@pytest.fixture
def room(tmp_path):
    """Makes empty directories."""

    def room(name):
        (tmp_path / name).mkdir()
        return tmp_path / name

    return room


@pytest.fixture
def webhook():
    with listening() as webhook:
        yield webhook


def test_a_lost_event_is_told_to_a_webhook_and_so_is_that_no_more_are_lost(database, room, webhook):
    with ExitStack() as open_:
        service = open_.enter_context(serving(database, "--max-dead-letters=0"))
        alerts = open_.enter_context(alertmanager(room("alertmanager"), webhook.url))
        looking = open_.enter_context(prometheus(room("prometheus"), service.url, alerts))
        service.post("/v1/traces", [CALL] * 10)
        looking.catch_up(3)
        assert webhook.alerts == []
        refuse_poison(database)
        service.post("/v1/traces", POISONED)
        wait_until(lambda: webhook.told(LOST, "firing"), "the webhook to be told", 30)
        (told,) = webhook.told(LOST, "firing")
        assert told["labels"]["severity"] == "critical"
        assert told["labels"]["instance"] in service.url
        assert told["annotations"]["runbook_url"].endswith(RUNBOOK)
        assert "lost about 1 accepted events (write_failed)" in told["annotations"]["summary"]
        assert service.stop()[0] == 0
        port = service.url.rpartition(":")[2]
        open_.enter_context(serving(database, f"--port={port}"))
        looking.catch_up()
        looking.forget("tokenweir_events_dropped_total")  # as five minutes would
        wait_until(lambda: webhook.told(LOST, "resolved"), "the webhook to be told the end", 30)


def test_prometheus_scrapes_with_a_key_and_not_with_another(database, room):
    keys = room("keys")
    credentials = keys / "prometheus.key"
    credentials.write_text(READ)
    authorization = {"credentials_file": str(credentials)}
    with (
        serving(database, f"--read-keys-file={files(keys)['read_keys_file']}") as service,
        prometheus(room("prometheus"), service.url, authorization=authorization) as looking,
    ):
        looking.catch_up()
        assert looking.value("up") == 1
        assert looking.value("scrape_samples_scraped") > 100
        credentials.write_text(WRONG)
        wait_until(lambda: looking.value("up") == 0, "the wrong key to be refused")
        assert "401" in looking.targets()[0]["lastError"]
        credentials.write_text(READ)
        wait_until(lambda: looking.value("up") == 1, "the right key to be taken again")
