"""A stop at any moment ends in time, says what is lost, and leaves a sound file."""

import signal
import time
from contextlib import contextmanager

import pytest

from .faults.books import Books, kept_books, stored_ids
from .faults.shim import ALL, DATABASE, FOR_EVER, JOURNAL
from .locking import Lock
from .process import serving, start, wait_until

pytestmark = pytest.mark.both_layers

DRAIN_SECONDS = 0.5
SLOW = pytest.mark.slow
SIGNALS = pytest.mark.parametrize(
    "signum", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=SLOW)], ids=["INT", "TERM"]
)
LEFT = "10 accepted events are left in the journal, for the next start"


def end(process, *signals):
    """Signal it; what it wrote to stderr. It must end in time."""
    for signum in signals:
        process.send_signal(signum)
    _, errors = process.communicate(timeout=DRAIN_SECONDS + 1)  # for the interpreter's own end
    assert "Traceback" not in errors, errors
    assert process.returncode == 0, errors
    return errors


@pytest.fixture
def books(faults, database):
    arguments = (database, f"--drain-seconds={DRAIN_SECONDS}")
    with serving(*arguments, environment=faults.environment()) as service:
        books = Books(service, database)
        books.send(10)
        books.settle()
        yield books
    with kept_books(database, accepted=books.accepted):
        """The next start stores what was left."""


@pytest.mark.slow
@SIGNALS
def test_a_stop_asked_for_twice_while_the_database_is_Lock(signum, books, database):
    with Lock(database):
        books.send(10)
        errors = end(books.service.process, signum, signal.SIGINT)
    assert LEFT in errors


@SLOW
def test_a_stop_while_every_write_fails(books, faults):
    faults.fail("any", count=FOR_EVER, only=DATABASE)
    books.send(10)
    errors = end(books.service.process, signal.SIGTERM)
    assert LEFT in errors


@pytest.mark.slow
@pytest.mark.parametrize(
    "only",
    [
        DATABASE,
        pytest.param(JOURNAL, marks=SLOW),
        pytest.param(ALL, marks=SLOW),
    ],
    ids=["database", "journal", "all"],
)
def test_a_disk_that_fails_during_the_stop_costs_nothing(only, books, faults, database):
    faults.fail("any", count=FOR_EVER, only=only)
    end(books.service.process, signal.SIGTERM)
    assert len(stored_ids(database)) == 10


@pytest.mark.slow
def test_a_stop_while_a_write_is_frozen(books, faults):
    rule = faults.slow("write", seconds=3600, only=DATABASE)
    books.send(10)
    wait_until(lambda: rule.held, "the write to be held")
    errors = end(books.service.process, signal.SIGTERM)
    assert LEFT in errors


@SLOW
def test_a_stop_whose_last_checkpoint_freezes_costs_nothing(books, faults, database):
    faults.slow("sync", seconds=3600, only=DATABASE)
    end(books.service.process, signal.SIGTERM)
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


@pytest.mark.slow
@CALLS_OF_THE_START
def test_a_stop_while_the_start_is_frozen(operation, nth, starting):
    with starting(operation, nth) as process:
        end(process, signal.SIGTERM)


@pytest.mark.slow
@CALLS_OF_THE_START
def test_a_stop_during_the_start(operation, nth, starting, faults, database):
    with starting(operation, nth) as process:
        process.send_signal(signal.SIGTERM)
        faults.heal()
        end(process)
    assert stored_ids(database) == []


@pytest.mark.slow
@SIGNALS
def test_more_signals_until_the_very_end_change_nothing(signum, books):
    process = books.service.process
    while process.poll() is None:
        process.send_signal(signum)
        time.sleep(0.001)  # the pace of an impatient hand; all of stderr must fit into its pipe
    end(process)
