"""A disk that fails while the service starts: it works, or ends with one line that says why."""

import re
import select
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import count, takewhile

import pytest

from server.store.writer import SqliteStore

from .faults.books import Books, kept_books, stored_ids
from .faults.shim import FOR_EVER, OPERATIONS, Faults
from .locking import Lock
from .process import Running, first_line, serving, start

LEAST = dict.fromkeys(OPERATIONS, 1) | {"write": 20}
"""How often a start calls each, at least."""


class Before:
    """What is on the disk before the start: a directory, and events that were accepted."""

    def __init__(self, directory, accepted=()):
        self.directory, self.accepted = directory, accepted
        self.stored = stored_ids(directory / "t.db")


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A service that was killed after it had stored 20 events, and accepted 10 more."""
    directory = tmp_path_factory.mktemp("killed")
    with serving(directory / "t.db") as service:
        books = Books(service, directory / "t.db")
        books.send(20)
        books.settle()
        with Lock(directory / "t.db"):
            books.send(10)
            service.process.kill()
            service.process.wait(30)
    return Before(directory, books.accepted)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    return Before(tmp_path_factory.mktemp("nothing"))


@pytest.fixture(params=["nothing", pytest.param("killed", marks=pytest.mark.slow)])
def before(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def start_with(shim, before, tmp_path):
    """Start where the nth call fails; whether there was an nth one."""

    def start_with(operation, nth=1, times=1):
        directory = tmp_path / f"{operation}-{nth}"
        shutil.copytree(before.directory, directory)
        faults = Faults(shim, str(directory / "t.db"), directory / "control")
        rule = faults.fail(operation, nth=nth, count=times)
        database = str(directory / "t.db")
        settings = "--port=0", "--compute-costs=no", f"--db={database}"  # prices are no disk
        with start(*settings, environment=faults.environment()) as process:
            try:
                if times == FOR_EVER:  # else it may wait, for ever, for the disk to be mended
                    select.select([process.stdout, process.stderr], [], [], 30)
                    faults.heal()
                banner = first_line(process)
                faults.heal()
                judge(process, banner, database, before)
            finally:
                process.kill()
        return rule.injected > 0

    return start_with


def judge(process, banner, database, before):
    if banner:
        use(Books(Running(process, banner), database, before.accepted, len(before.stored)))
    else:
        give_up(process)
        recover(database, before)


def use(books):
    books.send(10)
    books.settle()
    books.check()
    assert books.service.stop()[0] == 0


def give_up(process):
    _, errors = process.communicate(timeout=30)
    assert re.search(r"\Atokenweir: error: [^\n]+\n\Z", errors), errors
    assert process.returncode == 1


def recover(database, before):
    """Nothing is left behind that hinders the next start, and nothing is lost."""
    if before.accepted:
        with kept_books(database, accepted=before.accepted):
            return
    store = SqliteStore(database)  # quicker than a start, where there is nothing to lose
    store.open()
    store.close()


@pytest.mark.slow
def test_a_disk_that_fails_from_the_start_is_said_or_endured(start_with):
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda name: start_with(name, times=FOR_EVER), OPERATIONS)) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_call_that_fails_at_the_start_is_said_or_endured(operation, start_with):
    def stride(first):
        return sum(takewhile(bool, (start_with(operation, nth) for nth in count(first, 2))))

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(stride, (1, 2))) >= LEAST[operation]
