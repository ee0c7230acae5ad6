"""A stop at any moment ends in time, says what is lost, and leaves a sound file."""

import signal
import time
from contextlib import contextmanager

import pytest

from .faults.books import Books, stored_ids
from .faults.shim import DATABASE, FOR_EVER
from .process import serving, start, wait_until
from .test_locks import locked

DRAIN_SECONDS = 0.5
SLOW = pytest.mark.slow
SIGNALS = pytest.mark.parametrize(
    "signum", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=SLOW)], ids=["INT", "TERM"]
)
LOST = "10 accepted events could not be stored and are lost"
FROZEN = pytest.mark.xfail(reason="a frozen call keeps the process from ending")


def end(process, *signals, statuses=(0,)):
    """Signal it; what it wrote to stderr. It must end in time."""
    for signum in signals:
        process.send_signal(signum)
    _, errors = process.communicate(timeout=DRAIN_SECONDS + 1)  # for the interpreter's own end
    assert "Traceback" not in errors, errors
    assert process.returncode in statuses, errors
    return errors


@pytest.fixture
def books(faults, database):
    arguments = (database, f"--drain-seconds={DRAIN_SECONDS}")
    with serving(*arguments, environment=faults.environment()) as service:
        books = Books(service, database)
        books.send(10)
        books.settle()
        yield books
        assert len(stored_ids(database)) >= 10


@SIGNALS
def test_a_stop_asked_for_twice_while_the_database_is_locked(signum, books, database):
    with locked(database, "BEGIN IMMEDIATE"):
        books.send(10)
        errors = end(books.service.process, signum, signal.SIGINT)
    assert LOST in errors


@SLOW
def test_a_stop_while_every_write_fails(books, faults):
    faults.fail("any", count=FOR_EVER, only=DATABASE)
    books.send(10)
    errors = end(books.service.process, signal.SIGTERM)
    assert LOST in errors


def test_a_stop_whose_last_checkpoint_fails_costs_nothing(books, faults, database):
    faults.fail("any", count=FOR_EVER, only=DATABASE)
    end(books.service.process, signal.SIGTERM)
    assert len(stored_ids(database)) == 10


@FROZEN
def test_a_stop_while_a_write_is_frozen(books, faults):
    rule = faults.slow("write", seconds=3600, only=DATABASE)
    books.send(10)
    wait_until(lambda: rule.held, "the write to be held")
    errors = end(books.service.process, signal.SIGTERM, statuses=(0, 1))
    assert LOST in errors


@SLOW
@FROZEN
def test_a_stop_whose_last_checkpoint_freezes_costs_nothing(books, faults, database):
    faults.slow("sync", seconds=3600, only=DATABASE)
    end(books.service.process, signal.SIGTERM, statuses=(0, 1))
    assert len(stored_ids(database)) == 10


@pytest.fixture
def starting(database, faults):
    """A service that hangs in the nth call of its start, and how to go on."""

    @contextmanager
    def starting(operation, nth):
        rule = faults.slow(operation, nth=nth, seconds=3600, only=DATABASE)
        arguments = ("--port=0", f"--db={database}", f"--drain-seconds={DRAIN_SECONDS}")
        with start(*arguments, environment=faults.environment()) as process:
            try:
                wait_until(lambda: rule.held, "the start to be held")
                yield process
            finally:
                process.kill()

    return starting


CALLS_OF_THE_START = pytest.mark.parametrize(
    ("operation", "nth"),
    [("write", 5), pytest.param("open", 1, marks=SLOW), pytest.param("sync", 3, marks=SLOW)],
)


@FROZEN
@CALLS_OF_THE_START
def test_a_stop_while_the_start_is_frozen(operation, nth, starting):
    with starting(operation, nth) as process:
        end(process, signal.SIGTERM, statuses=(0, 1))


@CALLS_OF_THE_START
def test_a_stop_during_the_start(operation, nth, starting, faults, database):
    with starting(operation, nth) as process:
        process.send_signal(signal.SIGTERM)
        faults.heal()
        end(process)
    assert stored_ids(database) == []


@pytest.mark.xfail(reason="the handlers are gone before the process is")
@SIGNALS
def test_more_signals_until_the_very_end_change_nothing(signum, books):
    process = books.service.process
    while process.poll() is None:
        process.send_signal(signum)
        time.sleep(0.001)  # the pace of an impatient hand; all of stderr must fit into its pipe
    end(process)
