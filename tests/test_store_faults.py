"""A disk that fails under the running service: what was accepted is stored, once, all the same."""

import errno
from itertools import count

import pytest

from .faults.books import NOTICED_SECONDS, kept_books
from .faults.shim import DATABASE, FOR_EVER, MAIN, WAL
from .process import wait_until

pytestmark = pytest.mark.slow

PART = "x" * 1_600_000
"""A tenth of what the log holds when it is copied into the database."""


@pytest.fixture
def books(faults, database):
    arguments = (database, "--max-text-bytes=2000000")
    with kept_books(*arguments, environment=faults.environment()) as books:
        yield books
        faults.heal()


@pytest.fixture
def every(faults):
    """Run with the first call failing, then with the second, until no call is left to fail."""

    def every(run, operation, **how):
        for nth in count(1):
            rule = faults.fail(operation, nth=nth, only=DATABASE, **how)
            run(rule)
            faults.heal()
            if not rule.injected:
                return nth - 1

    return every


@pytest.mark.parametrize(
    ("error", "half"),
    [(errno.EIO, False), (errno.ENOSPC, True)],
    ids=["EIO", "ENOSPC and short"],
)
def test_a_write_that_fails_once_is_made_good(error, half, books, every):
    def run(rule):
        books.send()
        books.settle()

    assert every(run, "write", error=error, half=half) >= 10


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_writes_that_fail_until_the_repair_are_told_and_made_good(error, books, every, faults):
    def run(rule):
        books.send()
        wait_until(lambda: rule.injected or books.is_settled(), "the write")
        if rule.injected:
            wait_until(books.is_degraded, "health to be degraded", NOTICED_SECONDS)
            books.send(3)
        faults.heal()
        books.settle()

    assert every(run, "write", error=error, count=FOR_EVER) >= 10
    books.recover()


@pytest.mark.parametrize("times", [1, FOR_EVER], ids=["once", "for ever"])
@pytest.mark.parametrize(
    ("operation", "least"),
    [("open", 3), ("read", 10), ("write", 20), ("sync", 2), ("truncate", 1), ("remove", 1)],
)
def test_what_fails_while_the_database_is_opened_again_is_made_good(
    operation, least, times, books, every, faults
):
    def run(rule):
        faults.fail("write", only=WAL)  # so that the connection is given up
        books.send()
        wait_until(lambda: rule.injected or books.is_settled(), "the failure")
        wait_until(books.is_told, "health to be degraded, or all well", NOTICED_SECONDS)
        books.send(3)
        if times == FOR_EVER:
            faults.heal()
        books.settle()

    assert every(run, operation, count=times) >= least


def test_a_checkpoint_that_fails_costs_nothing(books, faults):
    for operation, only, nth, times, error in (
        ("write", MAIN, 1, FOR_EVER, errno.ENOSPC),
        ("write", MAIN, 2, 1, errno.EIO),
        ("write", MAIN, 100, 1, errno.ENOSPC),
        ("write", MAIN, 700, FOR_EVER, errno.EIO),
        ("sync", DATABASE, 1, FOR_EVER, errno.EIO),
        ("sync", DATABASE, 2, 1, errno.EIO),
        ("sync", DATABASE, 2, FOR_EVER, errno.EIO),
        ("sync", DATABASE, 3, FOR_EVER, errno.EIO),
        ("truncate", DATABASE, 1, FOR_EVER, errno.EIO),
    ):
        rule = faults.fail(operation, nth=nth, only=only, count=times, error=error)
        while not rule.injected:
            books.send(text=PART)
            wait_until(lambda rule=rule: rule.injected or books.is_settled(), "the checkpoint")
        books.send()
        faults.heal()
        books.settle()
