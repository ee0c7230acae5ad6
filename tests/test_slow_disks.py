"""A disk that is slow, or freezes, under the database: nobody who sends has to wait for it."""

import pytest

from .faults.books import NOTICED_SECONDS, kept_books
from .faults.shim import DATABASE, JOURNAL, WAL
from .process import wait_until


@pytest.fixture
def books(faults, database):
    with kept_books(database, environment=faults.environment()) as books:
        yield books
        faults.heal()


@pytest.mark.slow
def test_while_a_disk_is_slow_events_are_taken_faster_than_it_stores_them(books, faults):
    rule = faults.slow("write", "sync", seconds=0.05, only=DATABASE)
    books.send()
    for _ in range(50):
        books.send()
    assert rule.injected < 50  # so no answer waited for a write
    books.settle(30)


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["write", "sync"])
def test_while_a_disk_is_frozen_events_are_taken_and_the_service_can_be_watched(
    operation, books, faults
):
    rule = faults.slow(operation, seconds=3600, only=DATABASE)
    if operation == "sync":
        faults.fail("write", only=WAL)  # so that the database is opened again, which syncs
    books.send()
    wait_until(lambda: rule.held == 1, "a call to be held")
    for _ in range(100):
        books.send(5)
    assert books.service.metric("tokenweir_queue_events") == 501
    wait_until(lambda: books.service.json("/health")["status"] == "degraded", "health", 2)
    health = books.service.json("/health")
    assert (health["queue_depth"], health["db_status"]) == (501, "failing")
    assert health["reasons"] == ["the store does not answer: a call takes over 1.5 s"]
    assert (rule.held, rule.injected) == (1, 1)


@pytest.mark.slow
def test_a_disk_may_freeze_for_seconds_in_the_middle_of_a_batch(books, faults):
    rule = faults.slow("write", nth=6, seconds=3, count=1, only=DATABASE)
    books.send()
    wait_until(lambda: rule.held == 1, "a call to be held")
    while rule.held:
        books.send()


@pytest.mark.slow
def test_a_journal_that_freezes_in_its_thread_is_told(books, faults):
    faults.slow("write", seconds=0.06, count=1, only=JOURNAL)  # so that the next is in the thread
    rule = faults.slow("write", nth=2, seconds=3600, only=JOURNAL)
    books.send()
    wait_until(lambda: rule.held == 1, "a write to be held")
    books.send()
    assert books.service.metric("tokenweir_journal_uncovered_events_total") == 1
    wait_until(lambda: not books.is_well(), "health", NOTICED_SECONDS)
    faults.heal()
    books.recover()


@pytest.mark.slow
def test_a_sync_of_the_journal_that_freezes_is_told_without_traffic(faults, database):
    with kept_books(database, "--journal-sync=interval", environment=faults.environment()) as books:
        faults.slow("sync", seconds=3600, only=JOURNAL)
        wait_until(lambda: not books.is_well(), "health", NOTICED_SECONDS)
        faults.heal()
        books.recover()
