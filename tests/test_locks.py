"""Another process holds the database's lock: events are taken meanwhile, and stored afterwards."""

import time

import pytest

from .faults.books import NOTICED_SECONDS, kept_books
from .locking import Lock
from .process import wait_until


@pytest.mark.slow
def test_what_comes_while_the_database_is_locked_is_stored_afterwards(database):
    with kept_books(database) as books, Lock(database):
        books.send(10)
        wait_until(books.is_degraded, "health to be degraded", NOTICED_SECONDS)
        while books.service.metric("tokenweir_writer_retries_total") < 3:  # the pauses have grown
            books.send()
            time.sleep(0.02)  # the pace of a sender


@pytest.mark.slow
def test_a_lock_of_thirty_seconds_loses_nothing(database):
    with kept_books(database) as books:
        with Lock(database, "BEGIN EXCLUSIVE"):
            end = time.monotonic() + 30
            books.send(10)
            wait_until(books.is_degraded, "health to be degraded", NOTICED_SECONDS)
            while time.monotonic() < end:
                books.send(5)
                assert books.is_degraded()
                time.sleep(0.05)  # the pace of a sender
        books.recover()
